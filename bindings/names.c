/* Names that are not known: which known one was meant. numlab.text says the same in Lua (text.nearest); a
 * test holds the two against each other. */
#include "support.h"
#include <ctype.h>
#include <string.h>

enum { LONGEST = 32 }; /* of a name; what follows is not compared */

/* Letters of one kind whatever their case: 'LU' is 'lu'. */
static bool same(char a, char b) { return tolower((unsigned char)a) == tolower((unsigned char)b); }

/* Edits that make b of a: a letter more, less or other, two neighbours swapped (optimal string alignment,
 * Damerau 1964). row[i][j] is the distance of the first i and j letters; three rows are kept. */
static int edit_distance(const char *a, const char *b) {
  int rows[3][LONGEST + 1];
  int m = (int)strnlen(a, LONGEST), n = (int)strnlen(b, LONGEST);
  for (int j = 0; j <= n; j++) rows[0][j] = j;
  for (int i = 1; i <= m; i++) {
    int *row = rows[i % 3];
    const int *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (int j = 1; j <= n; j++) {
      int best = above[j - 1] + !same(a[i - 1], b[j - 1]);
      if (above[j] + 1 < best) best = above[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      bool swapped = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
      if (swapped && two_above[j - 2] + 1 < best) best = two_above[j - 2] + 1;
      row[j] = best;
    }
  }
  return rows[m % 3][n];
}

const char *nlL_nearest(const char *given, const char *const *known) {
  const char *best = NULL;
  size_t length = strlen(given);
  int least = (int)strnlen(given, LONGEST) / 2 + 1; /* farther than half the word is no help */
  for (int i = 0; length > 1 && known[i]; i++)
    if (strncmp(given, known[i], length) == 0) return known[i]; /* cut short: 'mix' for 'mixed' */
  for (; *known; known++) {
    int distance = edit_distance(given, *known);
    if (distance < least) {
      least = distance;
      best = *known;
    }
  }
  return best;
}

/* What NumPy, SciPy, Torch and MATLAB call what has another name here. */
static const char *const elsewhere[][2] = {
    {"double", "f64"},      {"float64", "f64"},      {"float", "f32"},
    {"float32", "f32"},     {"single", "f32"},       {"float16", "f16"},
    {"half", "f16"},        {"bfloat16", "bf16"},    {"int", "i64"},
    {"int64", "i64"},       {"long", "i64"},         {"int32", "i32"},
    {"int16", "i16"},       {"uint8", "u8"},         {"boolean", "bool"},
    {"gs", "gauss_seidel"}, {"gesv", "lapack"},      {"full", "complete"},
    {"naive", "standard"},  {"is_causal", "causal"}, {"softmax_scale", "scale"},
    {NULL, NULL},
};

/* The known name that given has here; NULL where there is none. */
static const char *translated(const char *given, const char *const *known) {
  for (int i = 0; elsewhere[i][0]; i++)
    for (int k = 0; strcmp(elsewhere[i][0], given) == 0 && known[k]; k++)
      if (strcmp(elsewhere[i][1], known[k]) == 0) return known[k];
  return NULL;
}

int nlL_unknown(lua_State *L, const char *what, const char *kind, const char *given,
                const char *const *known) {
  if (!known[0]) return nlL_error(L, "%s: unknown %s '%s' (known: none)", what, kind, given);
  const char *near = translated(given, known);
  luaL_Buffer list;
  if (!near) near = nlL_nearest(given, known);
  luaL_buffinit(L, &list);
  for (int i = 0; known[i]; i++) {
    if (i) luaL_addstring(&list, ", ");
    luaL_addstring(&list, known[i]);
  }
  luaL_pushresult(&list);
  if (near)
    return nlL_error(L, "%s: unknown %s '%s' (did you mean '%s'? known: %s)", what, kind, given, near,
                     lua_tostring(L, -1));
  return nlL_error(L, "%s: unknown %s '%s' (known: %s)", what, kind, given, lua_tostring(L, -1));
}
