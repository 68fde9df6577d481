/* image_folder.h -- the files in the folder of images
 * Names of zones as names of files, and files that are this server's own: regular, with one name, of its user,
 * that nobody else may write. Any thread may call all of it. */
#ifndef PHAROS_SERVER_MAINTAIN_IMAGE_FOLDER_H
#define PHAROS_SERVER_MAINTAIN_IMAGE_FOLDER_H

#include "zone/name.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    IMAGE_NAME_MAX = 256, /* of a file, with its NUL */
    /* Of a zone, as a file name without its ending: longer ones have no image. */
    IMAGE_STEM_MAX = 200,
};

/* Endings of names of files: see image_store.h. */
#define IMAGE_ENDING ".image"
#define TRIAL_ENDING ".trial"
#define IMAGE_NEW_ENDING ".new" /* after the name that the file will have */

/* Opens state-dir's folder "images", making it where it isn't there. Returns its descriptor, or a negative
 * errno. */
int image_folder_open(const char *state_dir);

/* Takes the lock, which its descriptor holds, without waiting. Returns the descriptor, -EBUSY, or what open()
 * or flock() gave. */
int image_folder_lock(int folder);

/* Writes the name that a zone's file of some ending (such as ".image") has. Returns false where it would be too
 * long. */
bool image_name(char name[IMAGE_NAME_MAX], const struct name *apex, const char *ending);

/* The zone whose file it is, where it has this ending; false for any other file. */
bool image_name_apex(const char *name, const char *ending, struct name *apex);

/* Opens a file to be read, or written as well. Returns its descriptor, -EPERM for one that isn't our own, or what
 * open() gave. */
int image_folder_file(int folder, const char *name, bool write);

/* Makes an empty file NAME.new. Returns its descriptor or a negative errno. */
int image_folder_new(int folder, const char *name);

/* Has NAME.new, which was synced, take the place of NAME, for good; or drops it. */
int image_folder_adopt(int folder, const char *name);
void image_folder_drop(int folder, const char *name);

/* Renames it to NAME.damaged. */
void image_folder_set_aside(int folder, const char *name);

void image_folder_remove(int folder, const char *name);

/* Makes an empty file that is held as long as its descriptor, which is returned, is open: by nobody any more once
 * a server died. Returns -EBUSY where it's there and held, -EEXIST where it's just there, or what open() or flock()
 * gave. */
int image_folder_mark(int folder, const char *name);

/* Sets the image of a zone aside, which ends its trial, and logs why: "is damaged". */
void image_folder_give_up(int folder, const struct name *apex, const char *why);

/* Calls `visit` for the name of each file. Returns 0, -ENOMEM or what opendir() gave. */
int image_folder_walk(int folder, void (*visit)(void *context, const char *name),
                      void *context);

#endif
