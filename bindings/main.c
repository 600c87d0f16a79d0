/* The numlab program: finds the subcommand, checks the environment, hands over.
 *
 * Everything that costs time happens in the subcommand that needs it, so that an empty script starts in about
 * a millisecond: no library is opened here and no file read. */
#include "program.h"
#include "support.h"
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <numlab/cpu.h>
#include <numlab/memory.h>
#include <numlab/parallel.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int version(int argc, char **argv);
static int help(int argc, char **argv);

typedef struct command {
  const char *name, *words, *summary, *text; /* text NULL: written in Lua, prints its help itself */
  int (*run)(int argc, char **argv);
} command;

static const command commands[] = {
    {"run", "FILE [words ...]", "run a Lua script",
     "FILE is looked for as given, then below ./scripts/, then below numlab's\n"
     "own scripts; '-' is the standard input. The words after FILE are the\n"
     "script's `...`, and stand in arg[1], arg[2] and so on. LUA_PATH and LUA_CPATH\n"
     "count as they do for lua5.4, LUA_INIT does not: a script does the same\n"
     "everywhere.\n\n"
     "    numlab run experiments/task1_sweep.lua quick=true\n"
     "    numlab run experiments/task1_sweep.lua --help\n",
     nlL_program_run},
    {"-e", "CODE [words ...]", "run Lua code",
     "-e CODE may be given several times: one chunk after the other.\n\n"
     "    numlab -e 'local nl = require \"numlab\"  print(nl.eye(3))'\n",
     nlL_program_eval},
    {"repl", "", "explore interactively",
     "nl is loaded. An expression prints its values, a `;` at its end silences\n"
     "them, ans is the last value. A chunk may span lines. Works on a pipe, without\n"
     "prompts.\n\n"
     "    ?NAME        tells of a function, a class or a library\n"
     "    ?WORD        lists what speaks of a word; ? alone all\n"
     "    !COMMAND     is run by the shell\n"
     "    %time EXPR   tells the time and the memory it took\n"
     "    %bench EXPR  runs it many times: the median\n"
     "    who()        lists your variables; %help all that the prompt takes\n"
     "    Tab          completes names, methods, options and values, files\n"
     "    Ctrl-R       searches the history, the arrow keys walk in it\n"
     "    Ctrl-C       interrupts a computation, or drops the line\n"
     "    Ctrl-D       ends\n\n"
     "The history lies in $XDG_STATE_HOME/numlab/history, mostly\n"
     "~/.local/state/numlab/history; NUMLAB_HISTORY names another file, and ''\n"
     "none. Lines are edited by libedit; without it, or with TERM=dumb, they are\n"
     "plain. ~/.editrc may bind its keys.\n",
     nlL_program_repl},
    {"list", "[DIR|FILE]", "the stored runs", NULL, nlL_program_library},
    {"show", "RUN", "a stored run: its origin and its rows", NULL, nlL_program_library},
    {"compare", "A B", "was run B faster or slower than A", NULL, nlL_program_library},
    {"export", "RUN format=csv|json|md", "a stored run in another form", NULL, nlL_program_library},
    {"report", "[task1] [task2] ...", "the report, from stored runs", NULL, nlL_program_library},
    {"new", "NAME", "write NAME.lua, an experiment to change", NULL, nlL_program_library},
    {"pack", "name=NAME id=ID ...", "make the archive that is handed in", NULL, nlL_program_library},
    {"verify", "ZIP", "check, build and try such an archive", NULL, nlL_program_library},
    {"doc", "[NAME | --search WORD]", "help on a function, a class, a library", NULL, nlL_program_library},
    {"bench", "[quick] [--json]", "this machine's limits, and numlab on it", NULL, nlL_program_library},
    {"doctor", "[--json]", "what is here, and what is missing",
     "Each part: whether it was found, its version and path; of a missing one\n"
     "what that costs, and the command that mends it. --json writes JSON alone.\n"
     "Exit code 1 when something is missing that numlab cannot do without.\n",
     nlL_program_doctor},
    {"version", "", "print the version", "", version},
    {"help", "[COMMAND]", "print help", "", help},
    {NULL, NULL, NULL, NULL, NULL},
};

static const command *find(const char *name) {
  const command *c = commands;
  while (c->name && strcmp(c->name, name) != 0) c++;
  return c->name ? c : NULL;
}

/* --- help ------------------------------------------------------------------------------------------- */

static int overview(void) {
  puts("numlab: numerical methods as short Lua scripts over a C engine\n\nusage:");
  for (const command *c = commands; c->name; c++) {
    char usage[64];
    snprintf(usage, sizeof usage, "%s %s", c->name, c->words);
    printf("    numlab %-29s %s\n", usage, c->summary);
  }
  puts("    numlab                               the same as numlab repl\n\n"
       "environment:\n"
       "    NUMLAB_MEMORY    most bytes it may hold: 4GiB, 512MiB (80 % of the free)\n"
       "    NUMLAB_THREADS   threads of its kernels: 1 to 256 (all cores it may use)\n"
       "    NUMLAB_CPU       highest kernel level: generic, avx2, avx512, avx512bf16\n"
       "    NUMLAB_EXTERNAL  borrowed libraries to do without: umfpack,klu; off: all\n"
       "    NUMLAB_CUDA      file of the GPU plugin, or off\n"
       "    NUMLAB_GNUPLOT, NUMLAB_WEASYPRINT, NUMLAB_PYTHON  programs to use for these\n"
       "    NUMLAB_HISTORY   file of the lines typed at the prompt; empty: none\n"
       "    NO_COLOR         where it is set and not empty, nothing is coloured\n\n"
       "exit codes: 0 ok, 1 the script failed or cannot be read, 2 wrong usage, 3 a\n"
       "threshold was crossed, 130 interrupted\n\n"
       "numlab COMMAND --help says more about one command.");
  return NLL_EXIT_OK;
}

static int explain(const command *c) {
  char name[32], ask[] = "--help", *words[] = {name, ask, NULL};
  snprintf(name, sizeof name, "%s", c->name);
  if (!c->text) return c->run(2, words);
  printf("usage: numlab %s%s%s\n\n%c%s.\n", c->name, c->words[0] ? " " : "", c->words,
         toupper((unsigned char)c->summary[0]), c->summary + 1);
  if (c->text[0]) printf("\n%s", c->text);
  return NLL_EXIT_OK;
}

static int unknown(const char *word) {
  const char *names[sizeof commands / sizeof *commands];
  int n = 0;
  for (const command *c = commands; c->name; c++) names[n++] = c->name;
  names[n] = NULL;
  const char *near = nlL_nearest(word, names);
  fprintf(stderr, "numlab: unknown command '%s'", word);
  if (access(word, F_OK) == 0) fprintf(stderr, " (to run a script: numlab run %s)", word);
  else if (near) fprintf(stderr, " (did you mean '%s'?)", near);
  fputs("; numlab --help lists them\n", stderr);
  return NLL_EXIT_USAGE;
}

static int help(int argc, char **argv) {
  if (argc < 2) return overview();
  const command *c = find(argv[1]);
  return c ? explain(c) : unknown(argv[1]);
}

static int version(int argc, char **argv) {
  (void)argc, (void)argv;
  printf("numlab %s (%s, compiled by gcc %s)\n", NL_VERSION, LUA_RELEASE, __VERSION__);
  return NLL_EXIT_OK;
}

/* --- environment ------------------------------------------------------------------------------------ */

/* A setting that cannot be read is an error at start: silently another limit would falsify a measurement. */
static bool environment_is_sound(void) {
  const char *memory = getenv("NUMLAB_MEMORY"), *threads = getenv("NUMLAB_THREADS");
  int64_t bytes;
  if (memory && nl_memory_parse(memory, &bytes) != NL_OK) {
    fprintf(stderr, "numlab: NUMLAB_MEMORY: %s\n", nl_message());
    return false;
  }
  if (threads) {
    char *end;
    long count = strtol(threads, &end, 10);
    if (end == threads || *end || count < 1 || count > 256) {
      fprintf(stderr, "numlab: NUMLAB_THREADS: '%s' is not a whole number from 1 to 256\n", threads);
      return false;
    }
  }
  if (nl_cpu_check() != NL_OK) {
    const char *levels[NL_CPU_LEVELS + 1] = {NULL}, *cpu = getenv("NUMLAB_CPU"), *near = NULL;
    for (int i = 0; i < NL_CPU_LEVELS; i++) levels[i] = nl_cpu_level_name((nl_cpu_level)i);
    fprintf(stderr, "numlab: %s", nl_message());
    nl_cpu_level level;
    if (cpu && nl_cpu_level_parse(cpu, &level) != NL_OK) near = nlL_nearest(cpu, levels);
    fprintf(stderr, near ? ", did you mean '%s'?\n" : "\n", near);
    return false;
  }
  return true;
}

/* What a subcommand without Lua printed may not have reached its reader. */
static int finished(int code) {
  if ((fflush(stdout) != 0 || ferror(stdout)) && code == NLL_EXIT_OK) {
    if (errno != EPIPE) fprintf(stderr, "numlab: cannot write to the standard output: %s\n", strerror(errno));
    return NLL_EXIT_FAILED;
  }
  return code;
}

int main(int argc, char **argv) {
  setlocale(LC_CTYPE, ""); /* widths of characters; numbers keep their decimal point */
  nlL_program_signals();
  if (argc < 1 || !environment_is_sound()) return NLL_EXIT_USAGE;
  if (argc == 1) return nlL_program_repl(argc, argv);
  const char *word = argv[1];
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return finished(overview());
  if (strcmp(word, "--version") == 0 || strcmp(word, "-v") == 0) return finished(version(0, NULL));
  const command *c = find(word);
  if (!c) return unknown(word);
  if (argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)) return finished(explain(c));
  return finished(c->run(argc - 1, argv + 1));
}
