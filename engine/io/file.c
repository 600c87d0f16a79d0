/* Reading whole files, and writing beside the target and renaming: a disk that fills up or a program that is
 * killed leaves the old file as it was. Devices and pipes (/dev/stdout) have no such place and are written
 * straight into. Reads and writes go in pieces of at most 1 MiB so that an interrupt is seen. */
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

static nl_status failed(const char *path, const char *verb, int error) {
  return nl_fail(NL_IO, "%s: cannot %s: %s", path, verb, strerror(error));
}

/* --- reading ------------------------------------------------------------------------------------------ */

nl_status nl_file_open(const char *path, nl_file *out) {
  struct stat facts;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer must not block */
  if (fd < 0) return failed(path, "read", errno);
  int error = fstat(fd, &facts) == 0 ? 0 : errno;
  if (error == 0 && S_ISDIR(facts.st_mode)) error = EISDIR;
  if (error == 0 && S_ISREG(facts.st_mode)) {
    *out = (nl_file){path, fd, facts.st_size};
    return NL_OK;
  }
  close(fd);
  if (error) return failed(path, "read", error);
  return nl_fail(NL_IO, "%s: cannot read: it is not a regular file", path);
}

void nl_file_close(nl_file *file) { close(file->fd); }

nl_status nl_file_read(nl_file *file, void *bytes, int64_t count) {
  char *p = bytes;
  while (count > 0) {
    if (nl_interrupted()) return nl_fail(NL_INTERRUPTED, "%s: interrupted while reading", file->path);
    ssize_t got = read(file->fd, p, (size_t)(count < PIECE ? count : PIECE));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(file->path, "read", errno);
    if (got == 0) return nl_fail(NL_IO, "%s: the file became shorter while it was read", file->path);
    p += got;
    count -= got;
  }
  return NL_OK;
}

nl_status nl_file_load(const char *path, char **bytes, int64_t *size) {
  nl_file file;
  NL_TRY(nl_file_open(path, &file));
  char *room = nl_alloc(file.size + 1, 1, NL_WORKSPACE);
  nl_status status = room ? nl_file_read(&file, room, file.size) : NL_NOMEM;
  nl_file_close(&file);
  if (status != NL_OK) {
    nl_free(room);
    return status;
  }
  room[file.size] = 0;
  *bytes = room;
  *size = file.size;
  return NL_OK;
}

/* --- writing ------------------------------------------------------------------------------------------ */

nl_status nl_file_target(const char *path, char *target, size_t room, bool *regular) {
  struct stat facts;
  *regular = true;
  char *real = realpath(path, NULL); /* NULL when nothing is there yet */
  int length = snprintf(target, room, "%s", real ? real : path);
  free(real);
  if (length < 0 || (size_t)length >= room) return failed(path, "write", ENAMETOOLONG);
  if (stat(target, &facts) != 0) return errno == ENOENT ? NL_OK : failed(path, "write", errno);
  if (S_ISDIR(facts.st_mode)) return failed(path, "write", EISDIR);
  *regular = S_ISREG(facts.st_mode);
  /* a file that may not be written must not be replaced either */
  if (access(target, W_OK) != 0) return failed(path, "write", errno);
  return NL_OK;
}

/* The new file gets the rights of the old one, or what the umask leaves. */
static void set_rights(const nl_writer *w) {
  struct stat facts;
  mode_t mask = umask(0);
  umask(mask);
  mode_t mode = stat(w->target, &facts) == 0 ? facts.st_mode & 07777 : 0666 & ~mask;
  /* a file system without rights refuses; the file is whole all the same */
  if (fchmod(w->fd, mode) != 0) errno = 0;
}

static nl_status open_file(nl_writer *w) {
  bool regular;
  NL_TRY(nl_file_target(w->path, w->target, sizeof w->target, &regular));
  if (!regular) {
    w->fd = open(w->target, O_WRONLY | O_CLOEXEC);
    return w->fd < 0 ? failed(w->path, "write", errno) : NL_OK;
  }
  if (strlen(w->target) + sizeof ".XXXXXX" > sizeof w->temporary)
    return failed(w->path, "write", ENAMETOOLONG);
  strcpy(w->temporary, w->target);
  strcat(w->temporary, ".XXXXXX");
  w->fd = mkostemp(w->temporary, O_CLOEXEC);
  if (w->fd >= 0) {
    set_rights(w);
    return NL_OK;
  }
  w->temporary[0] = 0;
  return failed(w->path, "write", errno);
}

nl_writer *nl_writer_open(const char *path, nl_status *status) {
  nl_writer *w = nl_alloc(1, sizeof *w, NL_WORKSPACE);
  *status = NL_NOMEM;
  if (!w) return NULL;
  w->path = path;
  w->temporary[0] = 0;
  w->status = NL_OK;
  w->used = 0;
  *status = open_file(w);
  if (*status == NL_OK) return w;
  nl_free(w);
  return NULL;
}

static void flush(nl_writer *w, const char *bytes, int64_t count) {
  while (w->status == NL_OK && count > 0) {
    if (nl_interrupted()) {
      w->status = nl_fail(NL_INTERRUPTED, "%s: interrupted while writing", w->path);
      break;
    }
    ssize_t put = write(w->fd, bytes, (size_t)(count < PIECE ? count : PIECE));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) w->status = failed(w->path, "write", errno);
    else {
      bytes += put;
      count -= put;
    }
  }
}

void nl_writer_bytes(nl_writer *w, const void *bytes, int64_t count) {
  if (w->used + count > NL_WRITER_ROOM) {
    flush(w, w->room, w->used);
    w->used = 0;
  }
  if (count > NL_WRITER_ROOM) {
    flush(w, bytes, count);
  } else if (count > 0) {
    memcpy(w->room + w->used, bytes, (size_t)count);
    w->used += count;
  }
}

void nl_writer_format(nl_writer *w, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  nl_writer_bytes(w, text, length < (int)sizeof text ? length : (int)sizeof text - 1);
}

nl_status nl_writer_close(nl_writer *w, nl_status status) {
  if (!w) return status;
  flush(w, w->room, w->used);
  if (status == NL_OK) status = w->status;
  if (close(w->fd) != 0 && status == NL_OK) status = failed(w->path, "write", errno);
  if (w->temporary[0]) {
    if (status == NL_OK && rename(w->temporary, w->target) != 0) status = failed(w->path, "write", errno);
    if (status != NL_OK) unlink(w->temporary);
  }
  nl_free(w);
  return status;
}
