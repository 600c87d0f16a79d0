/* The numlab program: finds the subcommand, checks the environment, hands over.
 *
 * Everything that costs time happens in the subcommand that needs it, so that an empty script starts in about
 * a millisecond: no library is opened here and no file read. */
#include "program.h"
#include "support.h"
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
     "FILE is looked for as given, then below ./scripts/, then below numlab's own scripts; '-' is the "
     "standard\n"
     "input. The words after FILE are the script's arg[1], arg[2], ... and its `...`. LUA_PATH and "
     "LUA_CPATH\n"
     "count as they do for lua5.4, LUA_INIT does not: a script does the same everywhere.\n\n"
     "    numlab run experiments/task1_sweep.lua quick=true\n"
     "    numlab run experiments/task1_sweep.lua --help\n",
     nlL_program_run},
    {"-e", "CODE [-e CODE ...] [words ...]", "run Lua code from the command line",
     "    numlab -e 'local nl = require \"numlab\"  print(nl.eye(3))'\n", nlL_program_eval},
    {"repl", "", "explore interactively; the same as no subcommand",
     "nl is loaded. An expression prints its values, a `;` at its end silences them, ans is the last value.\n"
     "A chunk may span lines. Works on a pipe, without prompts.\n\n"
     "    ?NAME        tells of a function, a class or a library; ?WORD lists what speaks of a word, ? all\n"
     "    !COMMAND     is run by the shell\n"
     "    %time EXPR   tells the time and the memory it took; %bench EXPR runs it many times: the median\n"
     "    who()        lists your variables; %help all that the prompt takes\n"
     "    Tab          completes names, fields, methods, options in {} and their values, files in strings\n"
     "    Ctrl-R       searches the history, the arrow keys walk in it\n"
     "    Ctrl-C       interrupts a computation, or drops the line; Ctrl-D ends\n\n"
     "The history lies in $XDG_STATE_HOME/numlab/history (~/.local/state/numlab/history); NUMLAB_HISTORY\n"
     "names another file, and '' none. Lines are edited by libedit; without it, or with TERM=dumb, they are\n"
     "plain. ~/.editrc may bind its keys.\n",
     nlL_program_repl},
    {"list", "[DIR|FILE]", "the stored runs", NULL, nlL_program_library},
    {"show", "RUN", "a stored run: where it comes from, its rows", NULL, nlL_program_library},
    {"compare", "A B [threshold=1.1]", "was run B faster or slower than A", NULL, nlL_program_library},
    {"export", "RUN format=csv|json|md", "a stored run in another form", NULL, nlL_program_library},
    {"report", "[task1] [task2] [lang=zh]", "the report, from stored results", NULL, nlL_program_library},
    {"new", "NAME", "write NAME.lua, an experiment that runs as it is", NULL, nlL_program_library},
    {"pack", "name=NAME id=ID ...", "make the archive that is handed in", NULL, nlL_program_library},
    {"verify", "ZIP", "check such an archive, build what it holds and try it", NULL, nlL_program_library},
    {"doc", "[NAME | --search WORD | --format=F]", "what a function, a class or a library is for", NULL,
     nlL_program_library},
    {"bench", "[quick] [device=cuda] [--json]", "the limits of this machine, and where numlab stands", NULL,
     nlL_program_library},
    {"doctor", "[--json]", "what this numlab found here, what is missing, what that costs and how to get it",
     "Exit code 1 when something is missing that numlab cannot do without.\n", nlL_program_doctor},
    {"version", "", "print the version", "", version},
    {"help", "[COMMAND]", "print help", "", help},
    {NULL, NULL, NULL, NULL, NULL},
};

static const command *find(const char *name) {
  const command *c = commands;
  while (c->name && strcmp(c->name, name) != 0) c++;
  return c->name ? c : NULL;
}

/* --- help ------------------------------------------------------------------------------------------------
 */

static int overview(void) {
  puts("numlab: numerical methods as short Lua scripts over a C engine\n\nusage:");
  for (const command *c = commands; c->name; c++) {
    char usage[64];
    snprintf(usage, sizeof usage, "%s %s", c->name, c->words);
    printf("    numlab %-32s %s\n", usage, c->summary);
  }
  puts("    numlab                                  the same as numlab repl\n\n"
       "environment:\n"
       "    NUMLAB_MEMORY    most bytes numlab may hold: 4GiB, 512MiB (default: 80 % of what is available)\n"
       "    NUMLAB_THREADS   threads of its kernels: 1 to 256 (default: the cores it may use)\n"
       "    NUMLAB_CPU       highest kernel level to use: generic, avx2, avx512, avx512bf16 (default: the "
       "CPU's)\n"
       "    NUMLAB_EXTERNAL  borrowed libraries that count as absent: off, or names such as umfpack,klu\n"
       "    NUMLAB_CUDA      file of the GPU plugin, or off\n"
       "    NUMLAB_GNUPLOT, NUMLAB_WEASYPRINT, NUMLAB_PYTHON  programs to use for gnuplot, weasyprint, "
       "python3\n"
       "    NUMLAB_HISTORY   file that keeps the lines typed at the prompt; empty: none does\n"
       "    NO_COLOR         where it is set and not empty, nothing is coloured\n\n"
       "exit codes: 0 ok, 1 the script failed or cannot be read, 2 wrong usage, 3 a threshold was crossed,\n"
       "130 interrupted\n\n"
       "numlab COMMAND --help says more about one command.");
  return NLL_EXIT_OK;
}

static int explain(const command *c) {
  char name[32], ask[] = "--help", *words[] = {name, ask, NULL};
  snprintf(name, sizeof name, "%s", c->name);
  if (!c->text) return c->run(2, words);
  printf("usage: numlab %s%s%s\n\n%s%s.\n", c->name, c->words[0] ? " " : "", c->words, c->summary, "");
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

/* --- environment ------------------------------------------------------------------------------------------
 */

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
