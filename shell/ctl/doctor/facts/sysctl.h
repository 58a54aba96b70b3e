/* sysctl.h - the kernel's settings, by their names in sysctl(8). */
#ifndef NSISOLATE_CTL_SYSCTL_H
#define NSISOLATE_CTL_SYSCTL_H

struct doctor;

/* The value of the setting @name; returns 0, or -ENOENT when this kernel does not have it, ... */
int sysctl_read(const char *name, long long *number);

/* Adds the remedy for the last finding: to set it, now and at every boot. */
void sysctl_remedy(struct doctor *doctor, const char *name, const char *value);

#endif
