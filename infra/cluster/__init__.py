"""`python -m infra.cluster`: the product on a Kubernetes cluster, its secrets, and the operator's commands there."""
