/* nothing - the cheapest command: what is left of a time is what is around it. */
int main(void)
{
	return 0;
}
