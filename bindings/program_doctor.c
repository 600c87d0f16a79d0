/* numlab doctor: what was found here, what is missing, what that costs and the command that mends it. */
#include "program.h"
#include "support.h"
#include <inttypes.h>
#include <numlab/cpu.h>
#include <numlab/device.h>
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
  int threads;                        /* it may use; 0: says nothing */
  const char *version, *path, *about; /* NULL or "" where there is nothing to say, here and below */
  const char *kernels;
  const char *needed_for, *cost, *problem; /* what wants it, what its absence costs, why it is absent */
  const char *package;                     /* apt-get installs it */
  const char *mend;                        /* another command that gets it */
} part;

/* --- two ways of printing ----------------------------------------------------------------------------- */

enum { WIDTH = 80, MARGIN = 8 };

static bool says(const char *text) { return text && *text; }

/* Words below the part they belong to, broken before the last column; a longer word keeps a line. */
static void print_wrapped(const char *label, const char *text) {
  if (!says(text)) return;
  int column = printf("%*s%s", MARGIN, "", label);
  for (bool first = true; *text; first = false) {
    text += strspn(text, " ");
    int length = (int)strcspn(text, " ");
    if (!first && column + 1 + length > WIDTH) column = printf("\n%*s", MARGIN + 2, "") - 1;
    else if (!first) column += printf(" ");
    column += printf("%.*s", length, text);
    text += length;
  }
  putchar('\n');
}

enum { MEND = 160 };

/* What to do about an absent part; "" for one that is here. */
static const char *mending(const part *p, char text[MEND]) {
  const char *setting = p->problem ? strstr(p->problem, "NUMLAB_") : NULL; /* absent by the user's choice */
  text[0] = 0;
  if (p->found) return text;
  int length = setting ? snprintf(text, MEND, "unset %.*s", (int)strcspn(setting, " "), setting) : 0;
  const char *then = length ? ", then " : "";
  if (says(p->package))
    snprintf(text + length, (size_t)(MEND - length), "%sapt-get install %s", then, p->package);
  else if (says(p->mend)) snprintf(text + length, (size_t)(MEND - length), "%s%s", then, p->mend);
  return text;
}

static void print_text(const part *p) {
  printf("%-7s %s", p->found ? "ok" : "missing", p->name);
  int gap = (int)(sizeof "weasyprint  " - 1 - strlen(p->name));
  if (says(p->version)) printf("%*s%s%s", gap, "", p->version, says(p->about) ? ", " : "");
  else if (says(p->about)) printf("%*s", gap, "");
  printf("%s\n", p->about ? p->about : "");
  if (p->found) {
    print_wrapped("", p->path);
    char threads[32] = "";
    if (p->threads > 0) snprintf(threads, sizeof threads, "%d threads, ", p->threads);
    print_wrapped(threads, p->kernels);
    return;
  }
  print_wrapped("why:   ", p->problem);
  print_wrapped("costs: ", p->cost);
  char mend[MEND];
  print_wrapped("mend:  ", mending(p, mend));
}

static void print_json_string(const char *key, const char *text) {
  printf(", \"%s\": \"", key);
  for (text = text ? text : ""; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') printf("\\%c", c);
    else if (c < 0x20) printf("\\u%04x", c);
    else putchar(c);
  }
  putchar('"');
}

static void print_json(const part *p, bool first) {
  printf("%s\n  {\"found\": %s, \"required\": %s, \"threads\": %d", first ? "" : ",",
         p->found ? "true" : "false", p->required ? "true" : "false", p->threads);
  print_json_string("name", p->name);
  print_json_string("version", p->version);
  print_json_string("path", p->path);
  print_json_string("about", p->about);
  print_json_string("kernels", p->kernels);
  print_json_string("needed_for", p->needed_for);
  print_json_string("cost", p->cost);
  print_json_string("problem", p->problem);
  print_json_string("package", p->package);
  char mend[MEND];
  print_json_string("mend", mending(p, mend));
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

/* --- facts -------------------------------------------------------------------------------------------- */

/* The path of a program: a name is looked for in PATH, then in the folder `also` (may be NULL). */
static bool find_program(const char *name, const char *also, char *path, size_t room) {
  if (strchr(name, '/')) {
    snprintf(path, room, "%s", name);
    return access(path, X_OK) == 0;
  }
  const char *folders = getenv("PATH");
  while (folders && *folders) {
    size_t length = strcspn(folders, ":");
    snprintf(path, room, "%.*s/%s", (int)length, folders, name);
    if (access(path, X_OK) == 0) return true;
    folders += length + (folders[length] == ':');
  }
  if (also) snprintf(path, room, "%s/%s", also, name);
  if (also && access(path, X_OK) == 0) return true;
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

/* NUMLAB_GNUPLOT names another gnuplot, as for nl.plot; sh reads it as one word. */
static void add_gnuplot(report *r) {
  static const char *const used[] = {"svg", "pngcairo", "pdfcairo", "dumb"};
  char path[512], version[128] = "", terminals[2048] = "", padded[2056], about[128] = "";
  const char *own = getenv("NUMLAB_GNUPLOT");
  bool found = find_program(own ? own : "gnuplot", NULL, path, sizeof path);
  if (found) {
    first_line("\"${NUMLAB_GNUPLOT-gnuplot}\" --version 2>/dev/null", version, sizeof version);
    first_line("\"${NUMLAB_GNUPLOT-gnuplot}\" -d -e 'print GPVAL_TERMINALS' 2>&1 </dev/null", terminals,
               sizeof terminals);
    snprintf(padded, sizeof padded, " %s ", terminals);
    size_t length = (size_t)snprintf(about, sizeof about, "terminals");
    for (int i = 0; i < 4; i++) {
      char word[16];
      snprintf(word, sizeof word, " %s ", used[i]);
      length += (size_t)snprintf(about + length, sizeof about - length, " %s%s",
                                 strstr(padded, word) ? "" : "NOT ", used[i]);
    }
  }
  add(r, (part){.name = "gnuplot",
                .found = found,
                .version = strncmp(version, "gnuplot ", 8) == 0 ? version + 8 : version,
                .path = path,
                .about = about,
                .needed_for = "nl.plot",
                .cost = "figures are not drawn, their .gp scripts and data are kept; all else works",
                .problem = found ? ""
                           : own ? "NUMLAB_GNUPLOT names no program"
                                 : "no gnuplot in PATH",
                .package = "gnuplot-nox"});
}

/* WeasyPrint, which prints reports; NUMLAB_WEASYPRINT names another one. */
static void add_weasyprint(report *r) {
  char path[512], version[128] = "";
  const char *own = getenv("NUMLAB_WEASYPRINT");
  bool found = find_program(own ? own : "weasyprint", NULL, path, sizeof path);
  if (found) first_line("\"${NUMLAB_WEASYPRINT-weasyprint}\" --version 2>/dev/null", version, sizeof version);
  const char *number = strrchr(version, ' '); /* "WeasyPrint version 57.2" */
  add(r, (part){.name = "weasyprint",
                .found = found,
                .version = number ? number + 1 : version,
                .path = path,
                .about = found ? "prints reports" : "",
                .needed_for = "report.pdf of numlab report",
                .cost = "numlab report makes report.html alone; a browser can print it",
                .problem = found ? ""
                           : own ? "NUMLAB_WEASYPRINT names no program"
                                 : "no weasyprint in PATH",
                .package = "weasyprint"});
}

/* A font with Chinese characters, by fontconfig, which gnuplot and WeasyPrint ask too. */
static void add_chinese_font(report *r) {
  char path[512], font[128] = "";
  bool asked = find_program("fc-list", NULL, path, sizeof path);
  if (asked) first_line("fc-list :lang=zh family 2>/dev/null", font, sizeof font);
  font[strcspn(font, ",")] = 0;
  add(r,
      (part){.name = "zh font",
             .found = font[0] != 0,
             .about = font,
             .needed_for = "Chinese in png and pdf figures and in report.pdf",
             .cost = "boxes in place of Chinese characters in png and pdf figures and in report.pdf; svg and "
                     "html take the fonts of who reads them",
             .problem = font[0] ? ""
                        : asked ? "fontconfig knows no font with Chinese characters"
                                : "no fc-list in PATH to ask for one",
             .package = asked ? "fonts-wqy-microhei" : "fontconfig fonts-wqy-microhei"});
}

static void add_externals(report *r) {
  for (int i = 0; i < nl_external_count(); i++) {
    nl_external e;
    if (nl_external_describe(i, &e) != NL_OK) continue;
    add(r, (part){.name = e.name,
                  .found = e.found,
                  .version = e.version,
                  .path = e.path,
                  .kernels = e.kernels,
                  .threads = e.threads,
                  .needed_for = e.needed_for,
                  .cost = e.cost,
                  .problem = e.problem,
                  .package = e.package});
  }
}

/* The plugin and the GPUs it finds; nvcc, which `make gpu` builds it with. */
static void add_cuda(report *r) {
  char names[256] = "";
  int count = nl_device_count();
  size_t length = 0;
  const nl_device_facts *first = NULL;
  for (int i = 1; i < count && length < sizeof names; i++) {
    const nl_device_facts *facts = nl_device_describe(nl_device_at(i));
    if (!first) first = facts;
    length += (size_t)snprintf(names + length, sizeof names - length, "%s%s %s", i > 1 ? ", " : "",
                               nl_device_name(nl_device_at(i)), facts ? facts->name : "(cannot be opened)");
  }
  add(r, (part){.name = "cuda",
                .found = count > 1,
                .version = first ? first->driver : "",
                .about = names,
                .needed_for = "tensors and attention with device = 'cuda'",
                .cost = "nothing else: all else runs on the CPU",
                .problem = nl_device_why(),
                .mend = count == 1 && strstr(nl_device_why(), "make gpu") ? "make gpu" : ""});
}

static void add_nvcc(report *r) {
  char path[512], version[128] = "";
  bool found = find_program("nvcc", "/usr/local/cuda/bin", path, sizeof path);
  if (found) {
    setenv("NUMLAB_NVCC_FOUND", path, 1); /* as a variable it needs no quoting */
    first_line("\"$NUMLAB_NVCC_FOUND\" --version 2>/dev/null | sed -n 's/.*, V//p'", version, sizeof version);
  }
  add(r, (part){.name = "nvcc",
                .found = found,
                .version = version,
                .path = path,
                .about = found ? "make gpu builds the CUDA plugin with it" : "",
                .needed_for = "make gpu",
                .cost = "the CUDA plugin cannot be built here; one that was built elsewhere works",
                .problem = found ? "" : "no nvcc in PATH or /usr/local/cuda/bin",
                .mend = "get CUDA 12 or later from https://developer.nvidia.com/cuda-downloads"});
}

static void add_machine(report *r) {
  char exe[512], model[128] = "", levels[96], count[32], limit[48];
  ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
  exe[length > 0 ? length : 0] = 0;
  add(r, (part){.name = "numlab", .found = true, .required = true, .version = NL_VERSION, .path = exe});
  const char *scripts = nlL_scripts();
  add(r, (part){.name = "scripts",
                .found = scripts != NULL,
                .required = true,
                .path = scripts,
                .about = scripts ? "libraries and experiments" : "",
                .cost = "nl.plot, nl.sweep, the experiments",
                .problem = scripts ? "" : "run the program from its source tree, or make install",
                .mend = "make install"});
  add(r, (part){.name = "lua",
                .found = true,
                .required = true,
                .version = LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE,
                .about = "built in"});
  first_line("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo", model, sizeof model);
  snprintf(levels, sizeof levels, "has %s, uses %s, kernels of %s", nl_cpu_level_name(nl_cpu_detected()),
           nl_cpu_level_name(nl_cpu_level_in_use()), nl_cpu_level_name(nl_cpu_level_of_kernels()));
  add(r, (part){.name = "cpu",
                .found = true,
                .required = true,
                .about = model,
                .kernels = levels,
                .threads = nl_threads()});
  snprintf(limit, sizeof limit, "%" PRId64 " MiB", nl_memory().limit >> 20);
  snprintf(count, sizeof count, "%s",
           getenv("NUMLAB_MEMORY") ? "by NUMLAB_MEMORY" : "80 % of what is available");
  add(r, (part){.name = "memory", .found = true, .required = true, .version = limit, .about = count});
}

int nlL_program_doctor(int argc, char **argv) {
  bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
  if (argc > 1 && !json) {
    const char *word = strcmp(argv[1], "--json") == 0 ? argv[2] : argv[1];
    fprintf(stderr, "numlab doctor: unknown word '%s' (known: --json)\n", word);
    return NLL_EXIT_USAGE;
  }
  report r = {json, true, true};
  if (json) printf("[");
  add_machine(&r);
  add_externals(&r);
  add_gnuplot(&r);
  add_weasyprint(&r);
  add_chinese_font(&r);
  add_cuda(&r);
  add_nvcc(&r);
  if (json) puts("\n]");
  return r.sound ? NLL_EXIT_OK : NLL_EXIT_FAILED;
}
