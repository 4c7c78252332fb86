// Preloaded into a server under test: notes how many bytes of each file are known to be on the disk.
//
// A line "C INODE" for a file that was created or emptied, and "S INODE BYTES" for one that was synced, with the size that
// it had when the sync began. The line is written before the server learns that the sync is over, so that whatever it
// acknowledges afterwards is covered. What no line covers may be lost when the power fails.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int log_descriptor = -1;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("CRASH_SYNC_LOG");
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    if (path) log_descriptor = real(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static void note(char kind, ino_t inode, off_t size) {
    char line[64];
    int length = snprintf(line, sizeof line, "%c %llu %lld\n", kind, (unsigned long long)inode, (long long)size);
    if (log_descriptor >= 0 && write(log_descriptor, line, length) != length) abort();
}

static int synced(int descriptor, int (*sync)(int)) {
    struct stat before;
    int known = fstat(descriptor, &before) == 0 && S_ISREG(before.st_mode);
    int result = sync(descriptor);
    if (result == 0 && known) note('S', before.st_ino, before.st_size);
    return result;
}

int fsync(int descriptor) { return synced(descriptor, (int (*)(int))dlsym(RTLD_NEXT, "fsync")); }
int fdatasync(int descriptor) { return synced(descriptor, (int (*)(int))dlsym(RTLD_NEXT, "fdatasync")); }

static int opened(const char *name, const char *path, int flags, mode_t mode) {
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name);
    int descriptor = real(path, flags, mode);
    struct stat now;
    // An inode may have been another file's.
    if (descriptor >= 0 && flags & O_CREAT && fstat(descriptor, &now) == 0 && now.st_size == 0) note('C', now.st_ino, 0);
    return descriptor;
}

#define OPEN(name)                                                  \
    int name(const char *path, int flags, ...) {                    \
        va_list arguments;                                          \
        va_start(arguments, flags);                                 \
        mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0; \
        va_end(arguments);                                          \
        return opened(#name, path, flags, mode);                    \
    }
OPEN(open)
OPEN(open64)
