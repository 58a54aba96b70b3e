# readme_commands.sh HEADING N - prints the commands of the Nth block below `### HEADING` in README.md.
awk -v heading="### $1" -v wanted="$2" '
	/^#/ && !inside { here = $0 == heading }
	/^```/ { inside = !inside; count += inside && here; next }
	here && inside && count == wanted { print; found = 1 }
	END { exit !found }' /tree/README.md
