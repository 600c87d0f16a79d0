/* For every C test program: cmocka and what it wants included first. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <numlab/memory.h>

#define assert_ok(call) assert_int_equal((call), NL_OK)
/* NaN fails. */
#define assert_at_most(value, bound) assert_true((value) <= (bound))
#define assert_message(text)         assert_non_null(strstr(nl_message(), text))

#endif
