/* The functions of libzip that io/ uses, by libzip's names without zip_. Prototypes and structs checked
 * against libzip 1.7.3. */
#ifndef NL_EXTERNAL_ZIP_H
#define NL_EXTERNAL_ZIP_H

#include <stdint.h>
#include <time.h>

typedef struct zip_archive zip_archive;
typedef struct zip_entry zip_entry;
typedef struct zip_source zip_source;

typedef struct zip_facts {
  uint64_t valid; /* which of the others are */
  const char *name;
  uint64_t index, size, compressed;
  time_t changed;
  uint32_t crc;
  uint16_t method, encryption;
  uint32_t flags;
} zip_facts;

typedef struct zip_error {
  int zip, system;
  char *text;
} zip_error;

typedef struct zip_part {
  const void *bytes; /* libzip's field lacks the const; it only reads */
  uint64_t count;
} zip_part;

enum {
  ZIP_CREATE = 1,
  ZIP_TRUNCATE = 8,
  ZIP_FACTS = 2 | 4 | 8 | 0x40 | 0x80, /* valid: index, sizes, method, encryption */
  ZIP_STORED = 0,
  ZIP_DEFLATED = 8,
  ZIP_NO_MEMORY = 14,
  ZIP_CANCELLED = 32,
  ZIP_RAW_NAMES = 64,     /* as they stand in the file */
  ZIP_STRICT_NAMES = 128, /* from code page 437 where they are not flagged as UTF-8 */
  ZIP_UTF8 = 2048,
  ZIP_UNIX = 3,
  ZIP_MACOS = 19
};

typedef struct nl_zip_functions {
  const char *(*version)(void);
  /* archives */
  zip_archive *(*open)(const char *path, int flags, int *code);
  zip_archive *(*fdopen)(int fd, int flags, int *code); /* on success fd is libzip's */
  int (*close)(zip_archive *);                          /* writes; on failure discard it */
  void (*discard)(zip_archive *);
  zip_error *(*get_error)(zip_archive *);
  int (*error_code)(const zip_error *);
  void (*error_init)(zip_error *, int code);
  const char *(*error_text)(zip_error *);
  void (*error_fini)(zip_error *);
  int (*on_cancel)(zip_archive *, int (*stop)(zip_archive *, void *), void (*release)(void *), void *);
  /* reading */
  int64_t (*count)(zip_archive *, uint32_t flags);
  int (*facts)(zip_archive *, uint64_t index, uint32_t flags, zip_facts *);
  const char *(*name)(zip_archive *, uint64_t index, uint32_t flags);
  int (*get_attributes)(zip_archive *, uint64_t index, uint32_t flags, uint8_t *system, uint32_t *);
  int64_t (*locate)(zip_archive *, const char *name, uint32_t flags);
  zip_entry *(*open_entry)(zip_archive *, uint64_t index, uint32_t flags);
  int64_t (*read)(zip_entry *, void *bytes, uint64_t count);
  const char *(*entry_error)(zip_entry *);
  int (*close_entry)(zip_entry *);
  /* writing */
  zip_source *(*source)(zip_archive *, const zip_part *, uint64_t parts, int release);
  void (*free_source)(zip_source *);
  int64_t (*add)(zip_archive *, const char *name, zip_source *, uint32_t flags);
  int (*compress)(zip_archive *, uint64_t index, int32_t method, uint32_t level);
  int (*set_time)(zip_archive *, uint64_t index, uint16_t time, uint16_t date, uint32_t flags);
  int (*set_attributes)(zip_archive *, uint64_t index, uint32_t flags, uint8_t system, uint32_t attributes);
} nl_zip_functions;

/* Filled once nl_library_open(&nl_library_libzip) is OK. */
extern nl_zip_functions nl_zip;

#endif
