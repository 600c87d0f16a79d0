/* nl.facts: what this numlab is and what it found here, for the record that goes with results. */
#include "support.h"
#include <elf.h>
#include <link.h>
#include <numlab/cpu.h>
#include <numlab/external.h>
#include <stdio.h>
#include <string.h>

#ifndef NL_FLAGS
#define NL_FLAGS ""
#endif

/* --- the build id: the linker's hash of the code, in the note it leaves in the file --------------------- */

typedef struct search {
  char id[65]; /* hexadecimal, "" where the linker left none */
} search;

static void take_id(const char *note, const char *end, search *out) {
  while (note + sizeof(ElfW(Nhdr)) <= end) {
    ElfW(Nhdr) head;
    memcpy(&head, note, sizeof head);
    const char *name = note + sizeof head;
    const char *bytes = name + ((head.n_namesz + 3U) & ~3U);
    note = bytes + ((head.n_descsz + 3U) & ~3U);
    if (head.n_type != NT_GNU_BUILD_ID || head.n_namesz != 4 || memcmp(name, "GNU", 4) != 0 || note > end)
      continue;
    for (unsigned i = 0; i < head.n_descsz && i < 32; i++)
      snprintf(out->id + (size_t)2 * i, 3, "%02x", (unsigned char)bytes[i]);
    return;
  }
}

/* The loaded file this code is in: the program, or numlab.so. */
static int is_ours(struct dl_phdr_info *file, size_t size, void *data) {
  static const char here = 0;
  (void)size;
  bool ours = false;
  for (int i = 0; i < file->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &file->dlpi_phdr[i];
    const char *start = (const char *)(uintptr_t)(file->dlpi_addr + part->p_vaddr);
    ours |= part->p_type == PT_LOAD && &here >= start && &here < start + part->p_memsz;
  }
  for (int i = 0; ours && i < file->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &file->dlpi_phdr[i];
    const char *start = (const char *)(uintptr_t)(file->dlpi_addr + part->p_vaddr);
    if (part->p_type == PT_NOTE) take_id(start, start + part->p_memsz, data);
  }
  return ours;
}

/* --- the table ---------------------------------------------------------------------------------------- */

/* t[i] = {name=, found=, version=, path=, kernels=, threads=, problem=} for the table on top. */
static void add_library(lua_State *L, int i, const nl_external *e) {
  lua_createtable(L, 0, 8);
  nlL_setstring(L, "name", e->name);
  nlL_setboolean(L, "found", e->found);
  nlL_setstring(L, "version", e->version);
  nlL_setstring(L, "path", e->path);
  nlL_setstring(L, "kernels", e->kernels);
  nlL_setstring(L, "problem", e->problem);
  nlL_setstring(L, "package", e->package);
  nlL_setinteger(L, "threads", e->threads);
  lua_rawseti(L, -2, i + 1);
}

/* nl.facts() -> table */
static int l_facts(lua_State *L) {
  search build = {""};
  dl_iterate_phdr(is_ours, &build);
  lua_createtable(L, 0, 8);
  nlL_setstring(L, "version", NL_VERSION);
  nlL_setstring(L, "build", build.id);
  nlL_setstring(L, "compiler", "gcc " __VERSION__);
  nlL_setstring(L, "flags", NL_FLAGS);
  nlL_setstring(L, "lua", LUA_RELEASE);
  lua_createtable(L, 0, 3);
  nlL_setstring(L, "detected", nl_cpu_level_name(nl_cpu_detected()));
  nlL_setstring(L, "level", nl_cpu_level_name(nl_cpu_level_in_use()));
  nlL_setstring(L, "kernels", nl_cpu_level_name(nl_cpu_level_of_kernels()));
  lua_setfield(L, -2, "cpu");
  lua_createtable(L, nl_external_count(), 0);
  for (int i = 0; i < nl_external_count(); i++) {
    nl_external e;
    nlL_check(L, nl_external_describe(i, &e));
    add_library(L, i, &e);
  }
  lua_setfield(L, -2, "libraries");
  return 1;
}

static const luaL_Reg functions[] = {{"facts", l_facts}, {NULL, NULL}};

void nlL_open_facts(lua_State *L) { luaL_setfuncs(L, functions, 0); }
