/* Lines and words of a text file held in memory. Blanks are space, tab, CR, VT and FF; lines end in LF; a
 * UTF-8 byte order mark at the start is skipped. */
#include "text.h"
#include "file.h"
#include <inttypes.h>
#include <numlab/memory.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

nl_status nl_text_load(const char *path, nl_text *out) {
  nl_text t = {.path = path};
  int64_t size;
  NL_TRY(nl_file_load(path, &t.bytes, &size));
  t.at = t.bytes;
  t.end = t.bytes + size;
  if (size >= 3 && memcmp(t.bytes, "\xef\xbb\xbf", 3) == 0) t.at += 3;
  t.word = t.line_end = t.at;
  *out = t;
  return NL_OK;
}

void nl_text_release(nl_text *t) {
  nl_free(t->bytes);
  t->bytes = NULL;
}

bool nl_text_line(nl_text *t) {
  if (t->at >= t->end) return false;
  char *feed = memchr(t->at, '\n', (size_t)(t->end - t->at));
  t->word = t->at;
  t->line_end = feed ? feed : t->end;
  t->at = feed ? feed + 1 : t->end;
  t->line++;
  while (t->line_end > t->word && is_blank(t->line_end[-1])) t->line_end--;
  while (t->word < t->line_end && is_blank(*t->word)) t->word++;
  return true;
}

char *nl_text_word(nl_text *t, char **word) {
  char *p = t->word;
  if (p == t->line_end) return NULL;
  *word = p;
  while (p < t->line_end && !is_blank(*p)) p++;
  t->word = p;
  while (t->word < t->line_end && is_blank(*t->word)) t->word++;
  return p;
}

nl_status nl_text_fail(const nl_text *t, const char *format, ...) {
  char text[640];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return nl_fail(NL_IO, "%s:%" PRId64 ": %s", t->path, t->line, text);
}

char *nl_text_quote(const char *word, const char *end, char *buffer) {
  char *p = buffer;
  const char *stop = end - word > 24 ? word + 24 : end;
  for (; word < stop; word++) {
    unsigned char c = (unsigned char)*word;
    if (c >= ' ' && c < 0x7f) *p++ = (char)c;
    else p += snprintf(p, 5, "\\x%02x", c);
  }
  strcpy(p, stop < end ? "..." : "");
  return buffer;
}
