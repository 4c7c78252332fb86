// Preloaded into a server under test: notes how many bytes of each file are known to be on the disk, and has the disk fail.
//
// A line "C INODE" for a file that was created or emptied, and "S INODE BYTES" for one that was synced, with the size that
// it had when the sync began. The line is written before the server learns that the sync is over, so that whatever it
// acknowledges afterwards is covered. What no line covers may be lost when the power fails.
//
// The first byte of the file that CRASH_FAULT names says what fails: 'w' for writes to files, as on a full disk, 's' for
// syncs, 'f' for changes of folders, as where they are read-only. CRASH_SYNC_DELAY is how many milliseconds longer a sync takes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int log_descriptor = -1;
static const volatile char *fault = "";
static int delay;

__attribute__((constructor)) static void start(void) {
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    const char *path = getenv("CRASH_SYNC_LOG");
    if (path) log_descriptor = real(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (getenv("CRASH_SYNC_DELAY")) delay = atoi(getenv("CRASH_SYNC_DELAY"));
    path = getenv("CRASH_FAULT");
    int descriptor = path ? real(path, O_RDONLY | O_CLOEXEC) : -1;
    if (descriptor < 0) return;
    void *page = mmap(NULL, 1, PROT_READ, MAP_SHARED, descriptor, 0);
    if (page != MAP_FAILED) fault = page;
    close(descriptor);
}

static ssize_t real_write(int descriptor, const void *bytes, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    return real(descriptor, bytes, count);
}

static int is_file(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    // A log is to be written even so: it is on another disk.
    if (*fault != 'w' || descriptor <= STDERR_FILENO || !is_file(descriptor)) return real_write(descriptor, bytes, count);
    // A part fits in, as it does on a real disk.
    if (count > 1) return real_write(descriptor, bytes, count / 2);
    errno = ENOSPC;
    return -1;
}

static void note(char kind, ino_t inode, off_t size) {
    char line[64];
    int length = snprintf(line, sizeof line, "%c %llu %lld\n", kind, (unsigned long long)inode, (long long)size);
    if (log_descriptor >= 0 && real_write(log_descriptor, line, length) != length) abort();
}

static int synced(int descriptor, int (*sync)(int)) {
    if (*fault == 's' && is_file(descriptor)) {
        errno = EIO;
        return -1;
    }
    struct stat before;
    int known = fstat(descriptor, &before) == 0 && S_ISREG(before.st_mode);
    if (known && delay) usleep(delay * 1000);
    int result = sync(descriptor);
    if (result == 0 && known) note('S', before.st_ino, before.st_size);
    return result;
}

int fsync(int descriptor) { return synced(descriptor, (int (*)(int))dlsym(RTLD_NEXT, "fsync")); }
int fdatasync(int descriptor) { return synced(descriptor, (int (*)(int))dlsym(RTLD_NEXT, "fdatasync")); }

// Whether a change of a folder fails.
static int is_read_only(void) {
    if (*fault == 'f') errno = EROFS;
    return *fault == 'f';
}

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    return is_read_only() ? -1 : real(from, to);
}

int unlink(const char *path) {
    int (*real)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    return is_read_only() ? -1 : real(path);
}

int mkdir(const char *path, mode_t mode) {
    int (*real)(const char *, mode_t) = (int (*)(const char *, mode_t))dlsym(RTLD_NEXT, "mkdir");
    return is_read_only() ? -1 : real(path, mode);
}

static int opened(const char *name, const char *path, int flags, mode_t mode) {
    if (flags & O_CREAT && is_read_only()) return -1;
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
