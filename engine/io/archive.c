/* Zip archives of files: all of one into memory, and one written whole or not at all.
 *
 * An archive lies at will about its sizes. What it says is believed only where the bytes justify it: the
 * compressed entries together are no longer than the file, and none grows beyond what its method can make of
 * it; memory is taken only then. Each entry is read to its end, where libzip compares its checksum. */
#include "archive.h"
#include "external/library.h"
#include "file.h"
#include "text.h"
#include <inttypes.h>
#include <numlab/interrupt.h>
#include <numlab/io.h>
#include <numlab/memory.h>
#include <stdio.h>
#include <string.h>

enum {
  DEFLATE_RATIO = 1032, /* the limit of the format: 258 bytes a 2-bit code */
  EPOCH = 1 << 5 | 1,   /* 1980-01-01, zip's first day: the same contents make the same file at any time */
  LONGEST_NAME = 65535,
  CHUNK = 1 << 20 /* between two looks at whether to stop */
};

nl_label nl_archive_label(const char *path, const char *name) {
  nl_label l;
  char quote[NL_QUOTE];
  snprintf(l.text, sizeof l.text, "%.500s: %s", path, nl_text_quote(name, name + strlen(name), quote));
  return l;
}

nl_status nl_archive_not_opened(const char *path, const char *verb, int code) {
  zip_error error;
  nl_zip.error_init(&error, code);
  nl_status status = nl_fail(code == ZIP_NO_MEMORY ? NL_NOMEM : NL_IO, "%s: cannot %s: %s", path, verb,
                             nl_zip.error_text(&error));
  nl_zip.error_fini(&error);
  return status;
}

nl_status nl_archive_failed(zip_archive *archive, const char *path, const char *verb) {
  zip_error *error = nl_zip.get_error(archive);
  int code = nl_zip.error_code(error);
  if (code == ZIP_CANCELLED) return nl_fail(NL_INTERRUPTED, "%s: interrupted", path);
  return nl_fail(code == ZIP_NO_MEMORY ? NL_NOMEM : NL_IO, "%s: cannot %s: %s", path, verb,
                 nl_zip.error_text(error));
}

/* --- reading ------------------------------------------------------------------------------------------ */

nl_status nl_archive_check(const char *path, const zip_facts *facts, uint64_t *left) {
  nl_label l = nl_archive_label(path, facts->name);
  if ((facts->valid & ZIP_FACTS) != ZIP_FACTS)
    return nl_fail(NL_IO, "%s: the archive does not tell its size", l.text);
  if (facts->encryption) return nl_fail(NL_IO, "%s: the entry is encrypted", l.text);
  if (facts->method != ZIP_STORED && facts->method != ZIP_DEFLATED)
    return nl_fail(NL_IO, "%s: compression method %d; numlab reads stored (0) and deflated (8)", l.text,
                   facts->method);
  bool stored = facts->method == ZIP_STORED;
  if (stored ? facts->size != facts->compressed : facts->size / DEFLATE_RATIO > facts->compressed)
    return nl_fail(NL_IO, "%s: %" PRIu64 " bytes cannot come out of %" PRIu64 " %s ones", l.text, facts->size,
                   facts->compressed, stored ? "stored" : "deflated");
  if (facts->compressed > *left) return nl_fail(NL_IO, "%s: the entries are longer than the file", l.text);
  *left -= facts->compressed;
  return NL_OK;
}

static nl_status entry_failed(zip_entry *entry, const char *label) {
  return nl_fail(NL_IO, "%s: cannot read: %s", label, nl_zip.entry_error(entry));
}

nl_status nl_archive_bytes(zip_entry *entry, const char *label, void *bytes, int64_t count) {
  char *p = bytes;
  while (count > 0) {
    if (nl_interrupted()) return nl_fail(NL_INTERRUPTED, "%s: interrupted", label);
    int64_t got = nl_zip.read(entry, p, (uint64_t)(count < CHUNK ? count : CHUNK));
    if (got < 0) return entry_failed(entry, label);
    if (got == 0) return nl_fail(NL_IO, "%s: the entry is shorter than the archive says", label);
    p += got;
    count -= got;
  }
  return NL_OK;
}

nl_status nl_archive_entry_end(zip_entry *entry, const char *label) {
  char byte;
  int64_t got = nl_zip.read(entry, &byte, 1);
  if (got < 0) return entry_failed(entry, label);
  return got ? nl_fail(NL_IO, "%s: the entry is longer than the archive says", label) : NL_OK;
}

/* All entries are looked at before the first is read. bytes: what their names and contents need. */
static nl_status check_entries(zip_archive *archive, const char *path, int64_t size, int64_t most,
                               int64_t count, int64_t *bytes) {
  uint64_t left = (uint64_t)size, contents = 0;
  *bytes = 0;
  for (int64_t i = 0; i < count; i++) {
    zip_facts facts;
    if (nl_zip.facts(archive, (uint64_t)i, ZIP_RAW_NAMES, &facts) != 0)
      return nl_archive_failed(archive, path, "read");
    NL_TRY(nl_archive_check(path, &facts, &left));
    contents += facts.size; /* at most 1032 times the file, so far from overflow */
    if (contents > (uint64_t)most)
      return nl_fail(NL_IO, "%s: holds more than the %" PRId64 " bytes that are allowed", path, most);
    *bytes += (int64_t)(strlen(facts.name) + 1 + facts.size + 1);
  }
  return NL_OK;
}

/* Unix modes, where the archive was made on such a system (3) or on macOS (19). */
static uint32_t mode_of(zip_archive *archive, int64_t i) {
  uint8_t system = 0;
  uint32_t attributes = 0;
  if (nl_zip.get_attributes(archive, (uint64_t)i, 0, &system, &attributes) != 0) return 0;
  return system == ZIP_UNIX || system == ZIP_MACOS ? attributes >> 16 : 0;
}

/* Fills entry i from *memory on. A name flagged as UTF-8, or in ASCII, reads the same raw and by the letter
 * of the format, where the unflagged are in code page 437. */
static nl_status read_entry(zip_archive *archive, const char *path, int64_t i, nl_entry *out, char **memory) {
  zip_facts facts;
  if (nl_zip.facts(archive, (uint64_t)i, ZIP_RAW_NAMES, &facts) != 0)
    return nl_archive_failed(archive, path, "read");
  nl_label l = nl_archive_label(path, facts.name);
  size_t length = strlen(facts.name) + 1;
  out->name = memcpy(*memory, facts.name, length);
  *memory += length;
  const char *by_the_letter = nl_zip.name(archive, (uint64_t)i, ZIP_STRICT_NAMES);
  out->utf8 = by_the_letter && strcmp(by_the_letter, out->name) == 0;
  uint32_t mode = mode_of(archive, i);
  out->executable = mode & 0100;
  out->link = (mode & 0170000) == 0120000;
  out->size = (int64_t)facts.size;
  zip_entry *entry = nl_zip.open_entry(archive, (uint64_t)i, 0);
  if (!entry) return nl_archive_failed(archive, l.text, "read");
  nl_status status = nl_archive_bytes(entry, l.text, *memory, out->size);
  if (status == NL_OK) status = nl_archive_entry_end(entry, l.text);
  nl_zip.close_entry(entry);
  out->bytes = *memory;
  *memory += out->size;
  *(*memory)++ = 0;
  return status;
}

static nl_status read_entries(zip_archive *archive, const char *path, int64_t size, int64_t most,
                              nl_archive *found) {
  int64_t bytes, count = nl_zip.count(archive, 0);
  NL_TRY(check_entries(archive, path, size, most, count, &bytes));
  found->entries = nl_alloc_zeroed(count + 1, sizeof *found->entries, NL_WORKSPACE);
  char *memory = found->memory = nl_alloc(bytes + 1, 1, NL_WORKSPACE);
  if (!found->entries || !memory) return NL_NOMEM;
  found->count = count;
  for (int64_t i = 0; i < count; i++) NL_TRY(read_entry(archive, path, i, &found->entries[i], &memory));
  return NL_OK;
}

nl_status nl_archive_read(const char *path, int64_t most, nl_archive *out) {
  nl_file file;
  nl_archive found = {0};
  int code;
  NL_TRY(nl_library_open(&nl_library_libzip));
  NL_TRY(nl_file_open(path, &file));
  zip_archive *archive = nl_zip.fdopen(file.fd, 0, &code);
  if (!archive) {
    nl_file_close(&file);
    return nl_archive_not_opened(path, "read", code);
  }
  nl_status status = read_entries(archive, path, file.size, most, &found);
  nl_zip.discard(archive);
  if (status == NL_OK) *out = found;
  else nl_archive_release(&found);
  return status;
}

void nl_archive_release(nl_archive *a) {
  nl_free(a->entries);
  nl_free(a->memory);
  *a = (nl_archive){0};
}

/* --- writing ------------------------------------------------------------------------------------------ */

static int stop(zip_archive *archive, void *state) {
  (void)archive;
  (void)state;
  return nl_interrupted();
}

/* libzip writes beside the target and renames, as nl_writer does. */
nl_status nl_archive_begin(const char *path, zip_archive **out) {
  char target[4096];
  bool regular;
  int code;
  NL_TRY(nl_file_target(path, target, sizeof target, &regular));
  if (!regular) return nl_fail(NL_IO, "%s: cannot write: an archive needs a regular file", path);
  *out = nl_zip.open(target, ZIP_CREATE | ZIP_TRUNCATE, &code);
  return *out ? NL_OK : nl_archive_not_opened(path, "write", code);
}

nl_status nl_archive_add(zip_archive *archive, const char *path, const char *name, const zip_part *parts,
                         int count, bool deflate, uint32_t mode) {
  zip_source *source = nl_zip.source(archive, count ? parts : NULL, (uint64_t)count, 0);
  int64_t index = source ? nl_zip.add(archive, name, source, ZIP_UTF8) : -1;
  if (source && index < 0) nl_zip.free_source(source);
  if (index < 0 || nl_zip.compress(archive, (uint64_t)index, deflate ? ZIP_DEFLATED : ZIP_STORED, 0) != 0 ||
      nl_zip.set_time(archive, (uint64_t)index, 0, EPOCH, 0) != 0 ||
      (mode && nl_zip.set_attributes(archive, (uint64_t)index, 0, ZIP_UNIX, mode << 16) != 0))
    return nl_archive_failed(archive, nl_archive_label(path, name).text, "write");
  return NL_OK;
}

nl_status nl_archive_end(zip_archive *archive, const char *path, nl_status status) {
  if (status == NL_OK && nl_zip.on_cancel(archive, stop, NULL, NULL) != 0)
    status = nl_archive_failed(archive, path, "write");
  if (status == NL_OK && nl_zip.close(archive) == 0) return NL_OK;
  if (status == NL_OK) status = nl_archive_failed(archive, path, "write");
  nl_zip.discard(archive);
  return status;
}

static nl_status check_names(int64_t count, const nl_entry *entries) {
  if (count < 1) return nl_fail(NL_ARG, "an archive holds at least one file, got none");
  for (int64_t i = 0; i < count; i++) {
    size_t length = strlen(entries[i].name);
    if (length < 1 || length > LONGEST_NAME)
      return nl_fail(NL_ARG, "the name of file %" PRId64 " has %zu bytes, expected 1 to %d", i + 1, length,
                     LONGEST_NAME);
  }
  return NL_OK;
}

nl_status nl_archive_write(const char *path, int64_t count, const nl_entry *entries) {
  zip_archive *archive;
  NL_TRY(check_names(count, entries));
  NL_TRY(nl_library_open(&nl_library_libzip));
  zip_part *parts = nl_alloc_zeroed(count, sizeof *parts, NL_WORKSPACE); /* read when the archive ends */
  if (!parts) return NL_NOMEM;
  nl_status status = nl_archive_begin(path, &archive);
  if (status != NL_OK) goto done;
  for (int64_t i = 0; i < count && status == NL_OK; i++) {
    const nl_entry *e = &entries[i];
    parts[i] = (zip_part){e->bytes, (uint64_t)e->size};
    status = nl_archive_add(archive, path, e->name, &parts[i], e->size > 0, true,
                            0100000 | (e->executable ? 0755 : 0644));
  }
  status = nl_archive_end(archive, path, status);
done:
  nl_free(parts);
  return status;
}
