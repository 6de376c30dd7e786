"""What `import voluptuous` gives: Home Assistant 2026.9 and later alias it to probatio.

The integration also runs on Home Assistant 2026.8, which still ships voluptuous itself,
and so says `import voluptuous as vol`. The type checker has to see what runs.
"""

from probatio import *
