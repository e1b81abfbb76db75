"""How many examples a property test draws: 500 in CI, 20,000 with PORTAL_TEST_EXAMPLES=20000."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("PORTAL_TEST_EXAMPLES", "500"))

many = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES <= 500, suppress_health_check=[HealthCheck.too_slow]
)
