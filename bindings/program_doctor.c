/* numlab doctor: what was found here, what is missing, what that costs and the command that mends it. */
#include "program.h"
#include "support.h"
#include <inttypes.h>
#include <numlab/cpu.h>
#include <numlab/external.h>
#include <numlab/memory.h>
#include <numlab/parallel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct part {
  const char *name;
  bool found, required;
  const char *version, *path, *detail, *cost, *fix; /* "" where there is nothing to say */
} part;

/* --- two ways of printing ---------------------------------------------------------------------------------
 */

static void print_text(const part *p) {
  printf("%s %-10s", p->found ? "ok     " : "missing", p->name);
  if (p->version[0]) printf(" %s", p->version);
  if (p->detail[0]) printf(" (%s)", p->detail);
  if (p->path[0]) printf(" %s", p->path);
  putchar('\n');
  if (!p->found && p->cost[0]) printf("        costs: %s\n", p->cost);
  if (!p->found && p->fix[0]) printf("        mend:  %s\n", p->fix);
}

static void print_json_string(const char *key, const char *text) {
  printf(", \"%s\": \"", key);
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') printf("\\%c", c);
    else if (c < 0x20) printf("\\u%04x", c);
    else putchar(c);
  }
  putchar('"');
}

static void print_json(const part *p, bool first) {
  printf("%s\n  {\"found\": %s, \"required\": %s", first ? "" : ",", p->found ? "true" : "false",
         p->required ? "true" : "false");
  print_json_string("name", p->name);
  print_json_string("version", p->version);
  print_json_string("path", p->path);
  print_json_string("detail", p->detail);
  print_json_string("cost", p->found ? "" : p->cost);
  print_json_string("fix", p->found ? "" : p->fix);
  putchar('}');
}

typedef struct report {
  bool json, first, sound;
} report;

static void add(report *r, part p) {
  if (r->json) print_json(&p, r->first);
  else print_text(&p);
  r->first = false;
  if (p.required && !p.found) r->sound = false;
}

/* --- facts ------------------------------------------------------------------------------------------------
 */

/* The program's path in PATH, or false. */
static bool find_program(const char *name, char *path, size_t room) {
  const char *folders = getenv("PATH");
  while (folders && *folders) {
    size_t length = strcspn(folders, ":");
    snprintf(path, room, "%.*s/%s", (int)length, folders, name);
    if (access(path, X_OK) == 0) return true;
    folders += length + (folders[length] == ':');
  }
  path[0] = 0;
  return false;
}

/* First line a command prints, without its newline. */
static void first_line(const char *command, char *text, size_t room) {
  FILE *out = popen(command, "r");
  text[0] = 0;
  if (!out) return;
  if (fgets(text, (int)room, out)) text[strcspn(text, "\n")] = 0;
  while (fgetc(out) != EOF) {}
  pclose(out);
}

static void add_gnuplot(report *r) {
  char path[512], version[128] = "", terminals[2048] = "", detail[256] = "";
  bool found = find_program("gnuplot", path, sizeof path);
  if (found) {
    first_line("gnuplot --version 2>/dev/null", version, sizeof version);
    first_line("gnuplot -e 'print GPVAL_TERMINALS' 2>&1 </dev/null", terminals, sizeof terminals);
    static const char *const used[] = {"svg", "pngcairo", "pdfcairo", "dumb"};
    char padded[2056];
    snprintf(padded, sizeof padded, " %s ", terminals);
    strcpy(detail, "terminals:");
    for (int i = 0; i < 4; i++) {
      char word[16];
      snprintf(word, sizeof word, " %s ", used[i]);
      if (!strstr(padded, word)) continue;
      word[strlen(word) - 1] = 0;
      strncat(detail, word, sizeof detail - strlen(detail) - 1);
    }
  }
  add(r, (part){"gnuplot", found, false, version, path, detail,
                "figures and the plot in the terminal; tables and csv files are written all the same",
                "apt-get install gnuplot-nox"});
}

static void add_externals(report *r) {
  for (int i = 0; i < nl_external_count(); i++) {
    nl_external e;
    if (nl_external_describe(i, &e) != NL_OK) continue;
    char detail[256] = "", fix[128];
    if (e.found && e.kernels[0])
      snprintf(detail, sizeof detail, e.threads > 0 ? "%s; %d threads" : "%s", e.kernels, e.threads);
    else if (!e.found) snprintf(detail, sizeof detail, "%s", e.problem);
    snprintf(fix, sizeof fix, "apt-get install %s", e.package);
    add(r, (part){e.name, e.found, false, e.version, e.path, detail, e.cost, fix});
  }
}

static void add_machine(report *r) {
  char text[64], exe[512], model[128] = "";
  ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
  exe[length > 0 ? length : 0] = 0;
  add(r, (part){"numlab", true, true, NL_VERSION, exe, "", "", ""});
  const char *scripts = nlL_scripts();
  add(r,
      (part){"scripts", scripts != NULL, true, "", scripts ? scripts : "", "",
             "nl.plot, nl.sweep, the experiments", "run the binary from its source tree, or make install"});
  add(r, (part){"lua", true, true, LUA_RELEASE, "", "built in", "", ""});
  first_line("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo", model, sizeof model);
  snprintf(text, sizeof text, "level %s, kernels: %s", nl_cpu_level_name(nl_cpu_level_in_use()),
           nl_cpu_level_name(nl_cpu_level_of_kernels()));
  add(r, (part){"cpu", true, true, model, "", text, "", ""});
  char count[32], limit[48];
  snprintf(count, sizeof count, "%d", nl_threads());
  add(r, (part){"threads", true, true, count, "", getenv("NUMLAB_THREADS") ? "NUMLAB_THREADS" : "cores", "",
                ""});
  snprintf(limit, sizeof limit, "%" PRId64 " MiB", nl_memory().limit >> 20);
  add(r, (part){"memory", true, true, limit, "",
                getenv("NUMLAB_MEMORY") ? "NUMLAB_MEMORY" : "80 % of what is available", "", ""});
}

int nlL_program_doctor(int argc, char **argv) {
  bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
  if (argc > 1 && !json) {
    fprintf(stderr, "numlab doctor: unknown word '%s' (known: --json)\n", argv[argc > 2 ? 2 : 1]);
    return NLL_EXIT_USAGE;
  }
  report r = {json, true, true};
  if (json) printf("[");
  add_machine(&r);
  add_externals(&r);
  add_gnuplot(&r);
  add(&r, (part){"cuda", false, false, "", "", "not built", "computing on a GPU; everything runs on the CPU",
                 ""});
  if (json) puts("\n]");
  return r.sound ? NLL_EXIT_OK : NLL_EXIT_FAILED;
}
