/* A text file in memory, taken line by line and word by word, with errors that name file and line. */
#ifndef NL_IO_TEXT_H
#define NL_IO_TEXT_H

#include <numlab/status.h>
#include <stdint.h>

typedef struct nl_text {
  const char *path;
  char *bytes, *at, *end; /* bytes is owned; *end is 0; at: the first byte of the next line */
  char *word, *line_end;  /* the rest of this line, without its CR LF */
  int64_t line;           /* 1-based number of this line; 0 before the first */
} nl_text;

nl_status nl_text_load(const char *path, nl_text *out);
void nl_text_release(nl_text *t);

/* Go to the next line; false at the end of the file. */
bool nl_text_line(nl_text *t);
/* The next word of this line, from *word to the returned end; NULL when the line has no more. */
char *nl_text_word(nl_text *t, char **word);

/* IO: "PATH:LINE: ..." */
nl_status nl_text_fail(const nl_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A word as it may stand in a message: at most 24 bytes, what does not print shown as \xHH. */
enum { NL_QUOTE = 128 };
char *nl_text_quote(const char *word, const char *end, char *buffer);

#endif
