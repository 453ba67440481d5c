/* One attempt, as a C program makes and reports it: app write|read|mkdir PATH, app bind PORT, app wx */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    const char *what = argv[1], *arg = argc > 2 ? argv[2] : "";
    if (!strcmp(what, "write") && open(arg, O_WRONLY | O_CREAT, 0644) < 0) return perror(arg), 1;
    if (!strcmp(what, "read") && open(arg, O_RDONLY) < 0) {
        fprintf(stderr, "app: could not read \"%s\": %m\n", arg);
        return 1;
    }
    if (!strcmp(what, "mkdir") && mkdir(arg, 0755)) return fprintf(stderr, "mkdir(%s): %m\n", arg), 1;
    if (!strcmp(what, "bind")) {
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(atoi(arg)) };
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(fd, (struct sockaddr *)&at, sizeof at)) return fprintf(stderr, "bind() to 0.0.0.0:%s failed: %m\n", arg), 1;
    }
    if (!strcmp(what, "wx") && mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        return perror("cannot allocate executable memory"), 1;
    return 0;
}
