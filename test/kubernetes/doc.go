// Package kubernetes renders the manifests of deploy/kubernetes and the chart of deploy/helm,
// as kustomize and helm do, decodes them strictly into the types of Kubernetes, and compares
// them with golden files. It is a module of its own, because rsttrace needs nothing of
// Kubernetes.
package kubernetes
