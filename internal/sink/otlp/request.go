package otlp

import (
	"maps"
	"slices"
)

// around is what a request has beside the records.
type around struct {
	resource message
	scope    message
}

func newAround(o *Options) around {
	resource := map[string]string{
		"service.name": "rsttrace", "service.version": o.Version, "host.name": o.Host.HostName, "host.id": o.Host.HostID, "os.type": "linux",
		"rsttrace.boot_id": o.Host.BootID,
	}
	maps.Copy(resource, o.Resource)
	a := attributes{field: resourceAttributes}
	for _, name := range slices.Sorted(maps.Keys(resource)) {
		a.text(name, resource[name])
	}
	return around{
		resource: a.message,
		scope:    message(nil).text(scopeName, "github.com/rsttrace/rsttrace").text(scopeVersion, o.Version),
	}
}

// request is an ExportLogsServiceRequest.
func (a *around) request(records []byte) []byte {
	scopeLogs := message(nil).inner(scopeLogsScope, a.scope)
	scopeLogs = append(scopeLogs, records...)
	resourceLogs := message(nil).inner(resourceLogsResource, a.resource).inner(resourceLogsScopeLogs, scopeLogs)
	return message(nil).inner(requestResourceLogs, resourceLogs)
}
