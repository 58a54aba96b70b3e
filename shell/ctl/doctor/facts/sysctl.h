/*
 * sysctl.h - the kernel's switches, by their names as sysctl(8) has them.
 */
#ifndef NSISOLATE_CTL_SYSCTL_H
#define NSISOLATE_CTL_SYSCTL_H

struct doctor;

/* The number that the switch @name has; 0, or -ENOENT when this kernel does not have it, ... */
int sysctl_read(const char *name, long long *number);

/* Mends the last finding by setting the switch, now and at every boot. */
void sysctl_mend(struct doctor *doctor, const char *name, const char *value);

#endif
