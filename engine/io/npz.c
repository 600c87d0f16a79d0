/* Archives of NumPy arrays: a zip file with one .npy a name, stored or deflated.
 *
 * What an archive says about sizes is believed as far as archive.h tells; beyond that the .npy header must
 * ask for exactly the uncompressed size. Memory is taken only then. */
#include "archive.h"
#include "external/library.h"
#include "file.h"
#include "npy.h"
#include <numlab/io.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_NAME = 1024 };

/* --- reading ------------------------------------------------------------------------------------------ */

static bool is_array(const char *name) {
  size_t length = strlen(name);
  return length >= 5 && strcmp(name + length - 4, ".npy") == 0;
}

/* All entries are looked at before the first is read. names: the bytes their names need, without ".npy". */
static nl_status check_entries(zip_archive *archive, const char *path, int64_t size, int64_t count,
                               int64_t *names) {
  uint64_t left = (uint64_t)size;
  *names = 0;
  for (int64_t i = 0; i < count; i++) {
    zip_facts facts;
    if (nl_zip.facts(archive, (uint64_t)i, 0, &facts) != 0) return nl_archive_failed(archive, path, "read");
    if (!is_array(facts.name))
      return nl_fail(NL_IO, "%s: the entry is not an .npy array", nl_archive_label(path, facts.name).text);
    NL_TRY(nl_archive_check(path, &facts, &left));
    if (nl_zip.locate(archive, facts.name, 0) != i)
      return nl_fail(NL_IO, "%s: the name is there twice", nl_archive_label(path, facts.name).text);
    *names += (int64_t)strlen(facts.name) - 3;
  }
  return NL_OK;
}

static nl_status read_bytes(nl_npy_source *s, void *bytes, int64_t count) {
  return nl_archive_bytes(s->stream, s->name, bytes, count);
}

static nl_status read_entry(zip_archive *archive, const char *path, const zip_facts *facts, nl_tensor *out) {
  nl_label l = nl_archive_label(path, facts->name);
  zip_entry *entry = nl_zip.open_entry(archive, facts->index, 0);
  if (!entry) return nl_archive_failed(archive, l.text, "read");
  nl_npy_source source = {l.text, (int64_t)facts->size, read_bytes, entry};
  nl_status status = nl_npy_decode(&source, out);
  if (status == NL_OK) status = nl_archive_entry_end(entry, l.text);
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
    if (nl_zip.facts(archive, (uint64_t)i, 0, &facts) != 0) return nl_archive_failed(archive, path, "read");
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
    return nl_archive_not_opened(path, "read", code);
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

static nl_status write_members(const char *path, int64_t count, const char *const *names,
                               const member *members, bool deflate) {
  zip_archive *archive;
  NL_TRY(nl_archive_begin(path, &archive));
  nl_status status = NL_OK;
  for (int64_t i = 0; i < count && status == NL_OK; i++) {
    char full[LONGEST_NAME + 8];
    snprintf(full, sizeof full, "%s.npy", names[i]);
    status =
        nl_archive_add(archive, path, full, members[i].parts, members[i].parts[1].count ? 2 : 1, deflate, 0);
  }
  return nl_archive_end(archive, path, status);
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
