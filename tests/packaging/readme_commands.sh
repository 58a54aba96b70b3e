# readme_commands.sh HEADING N - the commands of the Nth block that README.md has below `### HEADING`.
awk -v heading="### $1" -v wanted="$2" '
	/^#/ && !inside { here = $0 == heading }
	/^```/ { inside = !inside; count += inside && here; next }
	here && inside && count == wanted { print; found = 1 }
	END { exit !found }' /tree/README.md
