/* test_run_dir.c -- one server a run-dir */
#include "server/admin/run_dir.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], run_dir[80], lock[96];

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/pharos-run-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(run_dir, sizeof run_dir, "%s/run", folder);
    snprintf(lock, sizeof lock, "%s/pharosd.lock", run_dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(lock);
    rmdir(run_dir);
    return rmdir(folder);
}

static int take(int *fd, char *message, size_t size)
{
    struct notes notes;
    notes_init(&notes);
    const int err = run_dir_lock(run_dir, (uid_t)-1, (gid_t)-1, fd, &notes);
    snprintf(message, size, "%s", notes.count > 0 ? notes.note[0].message : "");
    notes_fini(&notes);
    return err;
}

static void a_second_server_is_refused_and_told_who_runs(void **state)
{
    (void)state;
    int first, second;
    char message[256], expected[256];
    assert_int_equal(take(&first, message, sizeof message), 0);
    assert_int_equal(take(&second, message, sizeof message), -EBUSY);
    snprintf(expected, sizeof expected, "another pharosd runs with this run-dir: process %ld",
             (long)getpid());
    assert_string_equal(message, expected);
    run_dir_unlock(first);
    assert_int_equal(take(&second, message, sizeof message), 0);
    run_dir_unlock(second);
}

static void a_link_in_place_of_the_lock_is_refused(void **state)
{
    (void)state;
    int fd;
    char message[256];
    assert_int_equal(take(&fd, message, sizeof message), 0);
    run_dir_unlock(fd);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(symlink("/nowhere", lock), 0);
    assert_int_equal(take(&fd, message, sizeof message), -ELOOP);
}

/* Root would write to it and give it to server.user. */
static void another_file_by_the_name_of_the_lock_is_refused(void **state)
{
    (void)state;
    int fd;
    char message[256], other[96];
    snprintf(other, sizeof other, "%s/other", folder);
    assert_int_equal(mkdir(run_dir, 0755), 0);
    FILE *file = fopen(other, "w");
    assert_non_null(file);
    fputs("kept", file);
    fclose(file);
    assert_int_equal(link(other, lock), 0);
    assert_int_equal(take(&fd, message, sizeof message), -EPERM);
    struct stat status;
    assert_int_equal(stat(other, &status), 0);
    assert_int_equal(status.st_size, 4);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(unlink(other), 0);

    assert_int_equal(mkfifo(lock, 0600), 0);
    assert_int_equal(take(&fd, message, sizeof message), -EPERM);
}

static void a_folder_that_cant_be_made_is_an_error(void **state)
{
    (void)state;
    int fd;
    char message[256];
    strcat(run_dir, "/a/b");
    assert_int_equal(take(&fd, message, sizeof message), -ENOENT);
    assert_non_null(strstr(message, "can't make run-dir"));
    run_dir[strlen(run_dir) - 4] = '\0';
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_server_is_refused_and_told_who_runs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_link_in_place_of_the_lock_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_file_by_the_name_of_the_lock_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_cant_be_made_is_an_error, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
