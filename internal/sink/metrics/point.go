package metrics

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rsttrace/rsttrace/internal/communityid"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// point is the value of a counter or a gauge in one scrape. It costs less than the
// constant metrics of the library, which check and sort its labels each time.
type point struct {
	desc     *prometheus.Desc
	labels   []*dto.LabelPair
	value    float64
	gauge    bool
	created  *timestamppb.Timestamp // of a counter
	exemplar *dto.Exemplar
}

// Desc is part of prometheus.Metric.
func (p *point) Desc() *prometheus.Desc { return p.desc }

// Write is part of prometheus.Metric.
func (p *point) Write(out *dto.Metric) error {
	out.Label = p.labels
	if p.gauge {
		out.Gauge = &dto.Gauge{Value: &p.value}
		return nil
	}
	out.Counter = &dto.Counter{Value: &p.value, CreatedTimestamp: p.created, Exemplar: p.exemplar}
	return nil
}

// exemplar leads from a number to an event of it. The zero value is none.
type exemplar struct {
	event       uint64
	communityID [communityid.Length]byte // zeros: it has none
	at          time.Time
	value       float64
	exported    *dto.Exemplar // nil: not yet
}

// set takes an event. It does not allocate.
func (x *exemplar) set(e *event.Event, value float64) {
	*x = exemplar{event: e.ID, at: e.Time, value: value}
	if len(e.CommunityID) == communityid.Length {
		copy(x.communityID[:], e.CommunityID)
	}
}

// labels are those of the exemplar.
func (x *exemplar) labels() prometheus.Labels {
	labels := prometheus.Labels{"event_id": strconv.FormatUint(x.event, 10)}
	if x.communityID[0] != 0 {
		labels["community_id"] = string(x.communityID[:])
	}
	return labels
}

// export is nil for none. It is made once: on a quiet host an event is in many scrapes.
func (x *exemplar) export() *dto.Exemplar {
	if x.event == 0 || x.exported != nil {
		return x.exported
	}
	value := x.value
	x.exported = &dto.Exemplar{Value: &value, Timestamp: timestamppb.New(x.at)}
	labels := x.labels()
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		x.exported.Label = append(x.exported.Label, &dto.LabelPair{Name: proto.String(name), Value: proto.String(labels[name])})
	}
	return x.exported
}
