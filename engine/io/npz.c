/* Archives of NumPy arrays: a zip file with one .npy a name, stored or deflated.
 *
 * An archive lies at will about its sizes. What it says is believed only where the bytes justify it: the
 * compressed entries together are no longer than the file, a deflated entry is at most 1032 times as long as
 * its compressed form (the limit of the format: 258 bytes a 2-bit code), a stored one just as long, and the
 * .npy header must ask for exactly the uncompressed size; memory is taken only then. Each entry is read to
 * its end, where libzip compares its checksum. */
#include "external/library.h"
#include "external/zip.h"
#include "file.h"
#include "npy.h"
#include "text.h"
#include <inttypes.h>
#include <numlab/interrupt.h>
#include <numlab/io.h>
#include <stdio.h>
#include <string.h>

enum {
  DEFLATE_RATIO = 1032,
  EPOCH = 1 << 5 | 1, /* 1980-01-01, zip's first day: the same arrays make the same file at any time */
  LONGEST_NAME = 1024
};

static nl_status no_archive(const char *path, const char *verb, int code) {
  zip_error error;
  nl_zip.error_init(&error, code);
  nl_status status = nl_fail(code == ZIP_NO_MEMORY ? NL_NOMEM : NL_IO, "%s: cannot %s: %s", path, verb,
                             nl_zip.error_text(&error));
  nl_zip.error_fini(&error);
  return status;
}

static nl_status archive_failed(zip_archive *archive, const char *path, const char *verb) {
  zip_error *error = nl_zip.get_error(archive);
  int code = nl_zip.error_code(error);
  if (code == ZIP_CANCELLED) return nl_fail(NL_INTERRUPTED, "%s: interrupted", path);
  return nl_fail(code == ZIP_NO_MEMORY ? NL_NOMEM : NL_IO, "%s: cannot %s: %s", path, verb,
                 nl_zip.error_text(error));
}

/* --- reading ------------------------------------------------------------------------------------------ */

/* "a.npz: x.npy" for messages; what does not print is escaped, for the name comes from the file. */
typedef struct label {
  char text[640];
} label;

static label label_of(const char *path, const char *name) {
  label l;
  char quote[NL_QUOTE];
  snprintf(l.text, sizeof l.text, "%.500s: %s", path, nl_text_quote(name, name + strlen(name), quote));
  return l;
}

static nl_status check_facts(const char *path, const zip_facts *facts) {
  label l = label_of(path, facts->name);
  size_t length = strlen(facts->name);
  if (length < 5 || strcmp(facts->name + length - 4, ".npy") != 0)
    return nl_fail(NL_IO, "%s: the entry is not an .npy array", l.text);
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
  return NL_OK;
}

/* All entries are looked at before the first is read. names: the bytes their names need, without ".npy". */
static nl_status check_entries(zip_archive *archive, const char *path, int64_t size, int64_t count,
                               int64_t *names) {
  uint64_t left = (uint64_t)size;
  *names = 0;
  for (int64_t i = 0; i < count; i++) {
    zip_facts facts;
    if (nl_zip.facts(archive, (uint64_t)i, 0, &facts) != 0) return archive_failed(archive, path, "read");
    NL_TRY(check_facts(path, &facts));
    if (facts.compressed > left)
      return nl_fail(NL_IO, "%s: the entries are longer than the file", label_of(path, facts.name).text);
    left -= facts.compressed;
    if (nl_zip.locate(archive, facts.name, 0) != i)
      return nl_fail(NL_IO, "%s: the name is there twice", label_of(path, facts.name).text);
    *names += (int64_t)strlen(facts.name) - 3;
  }
  return NL_OK;
}

static nl_status entry_failed(const nl_npy_source *s) {
  return nl_fail(NL_IO, "%s: cannot read: %s", s->name, nl_zip.entry_error(s->stream));
}

static nl_status read_bytes(nl_npy_source *s, void *bytes, int64_t count) {
  char *p = bytes;
  while (count > 0) {
    int64_t got = nl_zip.read(s->stream, p, (uint64_t)count);
    if (got < 0) return entry_failed(s);
    if (got == 0) return nl_fail(NL_IO, "%s: the entry is shorter than the archive says", s->name);
    p += got;
    count -= got;
  }
  return NL_OK;
}

/* Only at its end does libzip know whether an entry's checksum is right. */
static nl_status read_end(nl_npy_source *s) {
  char byte;
  int64_t got = nl_zip.read(s->stream, &byte, 1);
  if (got < 0) return entry_failed(s);
  return got ? nl_fail(NL_IO, "%s: the entry is longer than the archive says", s->name) : NL_OK;
}

static nl_status read_entry(zip_archive *archive, const char *path, const zip_facts *facts, nl_tensor *out) {
  label l = label_of(path, facts->name);
  zip_entry *entry = nl_zip.open_entry(archive, facts->index, 0);
  if (!entry) return archive_failed(archive, l.text, "read");
  nl_npy_source source = {l.text, (int64_t)facts->size, read_bytes, entry};
  nl_status status = nl_npy_decode(&source, out);
  if (status == NL_OK) status = read_end(&source);
  nl_zip.close_entry(entry);
  return status; /* out is in the caller's list, filled or empty */
}

static nl_status read_entries(zip_archive *archive, const char *path, int64_t size, nl_npz *found) {
  int64_t names, count = nl_zip.count(archive, 0);
  NL_TRY(check_entries(archive, path, size, count, &names));
  found->tensors = nl_alloc_zeroed(count, sizeof *found->tensors, NL_WORKSPACE);
  char *name = found->names = nl_alloc(names, 1, NL_WORKSPACE);
  if (!found->tensors || !name) return NL_NOMEM;
  for (int64_t i = 0; i < count; i++) {
    zip_facts facts;
    if (nl_zip.facts(archive, (uint64_t)i, 0, &facts) != 0) return archive_failed(archive, path, "read");
    size_t length = strlen(facts.name) - 4;
    memcpy(name, facts.name, length);
    name[length] = 0;
    name += length + 1;
    found->count = i + 1;
    NL_TRY(read_entry(archive, path, &facts, &found->tensors[i]));
  }
  return NL_OK;
}

nl_status nl_npz_read(const char *path, nl_npz *out) {
  nl_file file;
  nl_npz found = {0};
  int code;
  NL_TRY(nl_library_open(&nl_library_libzip));
  NL_TRY(nl_file_open(path, &file));
  zip_archive *archive = nl_zip.fdopen(file.fd, 0, &code);
  if (!archive) {
    nl_file_close(&file);
    return no_archive(path, "read", code);
  }
  nl_status status = read_entries(archive, path, file.size, &found);
  nl_zip.discard(archive);
  if (status == NL_OK) *out = found;
  else nl_npz_release(&found);
  return status;
}

void nl_npz_release(nl_npz *z) {
  for (int64_t i = 0; i < z->count; i++) nl_tensor_release(&z->tensors[i]);
  nl_free(z->tensors);
  nl_free(z->names);
  *z = (nl_npz){0};
}

/* --- writing ------------------------------------------------------------------------------------------ */

/* What libzip reads when the archive is closed. */
typedef struct member {
  nl_tensor row_major;
  char header[NL_NPY_HEADER];
  zip_part parts[2];
} member;

static nl_status fill_member(member *m, const nl_tensor *t) {
  NL_TRY(nl_npy_check(t));
  NL_TRY(nl_tensor_contiguous(t, t->dtype, &m->row_major));
  int64_t header = nl_npy_header(&m->row_major, m->header);
  m->parts[0] = (zip_part){m->header, (uint64_t)header};
  m->parts[1] =
      (zip_part){nl_tensor_data(&m->row_major), (uint64_t)(nl_tensor_size(t) * nl_dtype_size(t->dtype))};
  return NL_OK;
}

static nl_status add_member(zip_archive *archive, const char *path, const char *name, const member *m,
                            bool deflate) {
  char full[LONGEST_NAME + 8];
  snprintf(full, sizeof full, "%s.npy", name);
  zip_source *source = nl_zip.source(archive, m->parts, m->parts[1].count ? 2 : 1, 0);
  int64_t index = source ? nl_zip.add(archive, full, source, ZIP_UTF8) : -1;
  if (source && index < 0) nl_zip.free_source(source);
  if (index < 0 || nl_zip.compress(archive, (uint64_t)index, deflate ? ZIP_DEFLATED : ZIP_STORED, 0) != 0 ||
      nl_zip.set_time(archive, (uint64_t)index, 0, EPOCH, 0) != 0)
    return archive_failed(archive, path, "write");
  return NL_OK;
}

static int stop(zip_archive *archive, void *state) {
  (void)archive;
  (void)state;
  return nl_interrupted();
}

/* libzip writes beside the target and renames, as nl_writer does. */
static nl_status write_members(const char *path, int64_t count, const char *const *names,
                               const member *members, bool deflate) {
  char target[4096];
  bool regular;
  int code;
  NL_TRY(nl_file_target(path, target, sizeof target, &regular));
  if (!regular) return nl_fail(NL_IO, "%s: cannot write: an archive needs a regular file", path);
  zip_archive *archive = nl_zip.open(target, ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (!archive) return no_archive(path, "write", code);
  nl_status status = NL_OK;
  for (int64_t i = 0; i < count && status == NL_OK; i++)
    status = add_member(archive, path, names[i], &members[i], deflate);
  if (status == NL_OK && nl_zip.on_cancel(archive, stop, NULL, NULL) != 0)
    status = archive_failed(archive, path, "write");
  if (status == NL_OK && nl_zip.close(archive) == 0) return NL_OK;
  if (status == NL_OK) status = archive_failed(archive, path, "write");
  nl_zip.discard(archive);
  return status;
}

static nl_status check_names(int64_t count, const char *const *names) {
  if (count < 1) return nl_fail(NL_ARG, "save: an .npz file holds at least one array, got none");
  for (int64_t i = 0; i < count; i++) {
    size_t length = strlen(names[i]);
    if (length < 1 || length > LONGEST_NAME)
      return nl_fail(NL_ARG, "save: a name of %zu bytes, expected 1 to %d", length, LONGEST_NAME);
  }
  return NL_OK;
}

nl_status nl_npz_write(const char *path, int64_t count, const char *const *names,
                       const nl_tensor *const *tensors, bool deflate) {
  NL_TRY(check_names(count, names));
  NL_TRY(nl_library_open(&nl_library_libzip));
  member *members = nl_alloc_zeroed(count, sizeof *members, NL_WORKSPACE);
  nl_status status = members ? NL_OK : NL_NOMEM;
  for (int64_t i = 0; i < count && status == NL_OK; i++) status = fill_member(&members[i], tensors[i]);
  if (status == NL_OK) status = write_members(path, count, names, members, deflate);
  for (int64_t i = 0; i < count && members; i++) nl_tensor_release(&members[i].row_major);
  nl_free(members);
  return status;
}
