package cgroup

import (
	"errors"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of runtime.v1, from api.proto of k8s.io/cri-api.
const (
	requestFilter = 1 // of ListContainersRequest and ListPodSandboxRequest
	filterID      = 1 // of ContainerFilter and PodSandboxFilter
	filterLabels  = 3 // of PodSandboxFilter

	responseItems = 1 // of ListContainersResponse and ListPodSandboxResponse

	containerID       = 1
	containerSandbox  = 2
	containerMetadata = 3
	containerLabels   = 8

	sandboxID       = 1
	sandboxMetadata = 2
	sandboxLabels   = 5

	metadataName      = 1 // of ContainerMetadata and PodSandboxMetadata
	metadataUID       = 2 // of PodSandboxMetadata
	metadataNamespace = 3

	mapKey, mapValue = 1, 2
)

// labelsMax bounds the labels that are kept of an item.
const labelsMax = 256

// criContainer is a message Container.
type criContainer struct {
	id, sandbox, name string
	labels            map[string]string
}

// criSandbox is a message PodSandbox.
type criSandbox struct {
	id, name, uid, namespace string
	labels                   map[string]string
}

// listByID asks for the container or the sandbox of an id.
func listByID(id string) []byte { return inner(requestFilter, text(filterID, id)) }

// listByLabel asks for the sandboxes that have a label.
func listByLabel(key, value string) []byte {
	return inner(requestFilter, inner(filterLabels, append(text(mapKey, key), text(mapValue, value)...)))
}

func text(field protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), value)
}

func inner(field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), message)
}

// findContainer returns the container of an id in a ListContainersResponse.
func findContainer(response []byte, id string) (found criContainer, err error) {
	err = items(response, func(item []byte) error {
		c, err := decodeContainer(item)
		if err == nil && c.id == id {
			found = c
		}
		return err
	})
	return found, err
}

// findSandbox returns the sandbox in a ListPodSandboxResponse that is right.
func findSandbox(response []byte, right func(*criSandbox) bool) (found criSandbox, err error) {
	err = items(response, func(item []byte) error {
		s, err := decodeSandbox(item)
		if err == nil && right(&s) {
			found = s
		}
		return err
	})
	return found, err
}

func items(response []byte, each func([]byte) error) error {
	return fields(response, func(field protowire.Number, value []byte) error {
		if field != responseItems {
			return nil
		}
		return each(value)
	})
}

func decodeContainer(item []byte) (c criContainer, err error) {
	err = fields(item, func(field protowire.Number, value []byte) error {
		switch field {
		case containerID:
			c.id = string(value)
		case containerSandbox:
			c.sandbox = string(value)
		case containerMetadata:
			return fields(value, func(field protowire.Number, value []byte) error {
				if field == metadataName {
					c.name = string(value)
				}
				return nil
			})
		case containerLabels:
			return addLabel(&c.labels, value)
		}
		return nil
	})
	return c, err
}

func decodeSandbox(item []byte) (s criSandbox, err error) {
	err = fields(item, func(field protowire.Number, value []byte) error {
		switch field {
		case sandboxID:
			s.id = string(value)
		case sandboxMetadata:
			return fields(value, func(field protowire.Number, value []byte) error {
				switch field {
				case metadataName:
					s.name = string(value)
				case metadataUID:
					s.uid = string(value)
				case metadataNamespace:
					s.namespace = string(value)
				}
				return nil
			})
		case sandboxLabels:
			return addLabel(&s.labels, value)
		}
		return nil
	})
	return s, err
}

// addLabel adds an entry of a map.
func addLabel(labels *map[string]string, entry []byte) error {
	var key, value string
	err := fields(entry, func(field protowire.Number, text []byte) error {
		switch field {
		case mapKey:
			key = string(text)
		case mapValue:
			value = string(text)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if *labels == nil {
		*labels = make(map[string]string)
	}
	if len(*labels) < labelsMax {
		(*labels)[key] = value
	}
	return nil
}

// fields calls each for every field of a message that has bytes: a text or a message.
func fields(message []byte, each func(protowire.Number, []byte) error) error {
	for len(message) > 0 {
		field, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return errors.New("no protobuf")
		}
		message = message[size:]
		if kind != protowire.BytesType {
			if size = protowire.ConsumeFieldValue(field, kind, message); size < 0 {
				return errors.New("no protobuf")
			}
			message = message[size:]
			continue
		}
		value, size := protowire.ConsumeBytes(message)
		if size < 0 {
			return errors.New("no protobuf")
		}
		message = message[size:]
		if err := each(field, value); err != nil {
			return err
		}
	}
	return nil
}

// isName reports whether a pod, a namespace or a container may be called so. Kubernetes
// allows less: it knows no capitals and no underscores.
func isName(name string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"
	return name != "" && len(name) <= nameBytes && strings.Trim(name, allowed) == ""
}
