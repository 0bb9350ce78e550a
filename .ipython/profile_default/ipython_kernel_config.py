# ipykernel warns about its transport at every start; in a log of twenty lessons that hides what matters.
c.IPKernelApp.log_level = 40  # noqa: F821
