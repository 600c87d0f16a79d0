/* Numbers in text, the same whatever the locale. */
#ifndef NL_IO_NUMBER_H
#define NL_IO_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum nl_number_fault { NL_NUMBER_OK, NL_NUMBER_MALFORMED, NL_NUMBER_RANGE } nl_number_fault;

/* The characters [text, end) as one number, correctly rounded: decimal digits with at most one point and an
 * exponent after e, E, d or D (Fortran), or inf, infinity, nan in any case, with an optional sign. RANGE when
 * it is beyond the largest f64; what is below the smallest becomes 0 or subnormal. *end must be readable and
 * no part of a number. A D exponent becomes E in place. */
nl_number_fault nl_number_parse(char *text, const char *end, double *value);
/* Decimal digits with an optional sign. */
nl_number_fault nl_number_parse_integer(const char *text, const char *end, int64_t *value);

/* The shortest of %.15g, %.16g, %.17g that reads back as value; nan, inf, -inf. */
enum { NL_NUMBER_TEXT = 32 };
int nl_number_format(double value, char *text);

#endif
