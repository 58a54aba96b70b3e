#include "printable.h"

char *printable(char *text)
{
	for (char *byte = text; *byte; byte++)
		if (*byte < ' ' || *byte > '~')
			*byte = '?';
	return text;
}

char *printable_word(char *text)
{
	for (char *byte = printable(text); *byte; byte++)
		if (*byte == ' ')
			*byte = '?';
	return text;
}
