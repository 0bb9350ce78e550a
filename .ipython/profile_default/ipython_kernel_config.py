# ipykernel warns about its transport at every start; in a log of twenty lessons that hides what matters;
# and now and then calls its own end an error. What fails in a cell stands in the cell's output, not here.
c.IPKernelApp.log_level = 50  # noqa: F821
