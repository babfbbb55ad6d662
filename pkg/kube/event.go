package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/pkg/source"
)

// The reasons of Events.
const (
	PolicyAccepted   = "PolicyAccepted"
	PolicyInvalid    = "PolicyInvalid"
	PolicyConflicted = "PolicyConflicted"
)

const (
	controller  = "hedged.dev/hedged"
	maxNote     = 1024 // bytes; events.k8s.io/v1 refuses more
	maxInstance = 128
	maxName     = 253
	maxEvents   = 8 // of one reason, on one ConfigMap, for one change of it; a further one counts the rest
)

// news is what one Event tells.
type news struct {
	reason, action, kind string
	note                 string
	about                string // what makes it another Event than the others of its ConfigMap
}

// tell makes news of changes. Good news is told in one piece.
func tell(changes []change) []news {
	var all []news
	var accepted []change
	told := make(map[string]int)
	var more []news
	for _, c := range changes {
		if c.condition.Reason == Accepted {
			accepted = append(accepted, c)
			continue
		}
		n := bad(c)
		told[n.reason]++
		switch {
		case told[n.reason] <= maxEvents:
			all = append(all, n)
		case told[n.reason] == maxEvents+1:
			more = append(more, n)
		}
	}
	for _, n := range more {
		n.note = fmt.Sprintf("and %d more: see annotation %s", told[n.reason]-maxEvents, source.StatusAnnotation)
		n.about = n.note
		all = append(all, n)
	}
	if len(accepted) > 0 {
		all = append(all, good(accepted))
	}
	return all
}

func bad(c change) news {
	d := c.document
	n := news{kind: corev1.EventTypeWarning, about: fmt.Sprintf("%q", []string{d.Policy, d.Key, c.condition.Message})}
	switch c.condition.Reason {
	case UpstreamNotFound:
		n.reason, n.action = UpstreamNotFound, "Resolve"
		n.note = shorten(d.title()+": "+d.NotFound, "", maxNote)
	case Conflicted:
		n.reason, n.action = PolicyConflicted, "Refuse"
	default:
		n.reason, n.action = PolicyInvalid, "Refuse"
	}
	if n.note == "" {
		n.note = shorten(d.title()+" refused: "+d.why(), "; "+d.Serves, maxNote)
	}
	return n
}

func good(changes []change) news {
	n := news{kind: corev1.EventTypeNormal, reason: PolicyAccepted, action: "Accept"}
	first := changes[0].document
	if len(changes) == 1 {
		n.note = fmt.Sprintf("%s accepted: %s: %s", first.title(), first.place(), first.Serves)
		if why := first.why(); why != "" {
			n.note += "; " + why
		}
	} else {
		n.note = fmt.Sprintf("%d policies accepted: ", len(changes))
		for i, c := range changes {
			if i > 0 {
				n.note += ", "
			}
			n.note += fmt.Sprintf("%s (%s)", c.document.Policy, c.document.place())
		}
	}
	n.about = n.note
	n.note = shorten(n.note, "", maxNote)
	return n
}

// event makes an Event of news about a ConfigMap. Its name follows from the news
// and from the status that was there before, so that whoever tells it again, after
// an error or in a race with another pod, makes no second one.
func event(o source.Object, before string, n news, identity string, now time.Time) *eventsv1.Event {
	hash := sha256.Sum256(fmt.Appendf(nil, "%q", []string{string(o.UID), before, n.reason, n.about}))
	suffix := "." + hex.EncodeToString(hash[:8])
	return &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: o.Namespace,
			Name:      strings.TrimRight(o.Name[:min(len(o.Name), maxName-len(suffix))], "-.") + suffix,
		},
		EventTime:           metav1.NewMicroTime(now),
		ReportingController: controller,
		ReportingInstance:   identity[:min(len(identity), maxInstance)],
		Type:                n.kind,
		Reason:              n.reason,
		Action:              n.action,
		Note:                n.note,
		Regarding: corev1.ObjectReference{
			APIVersion: "v1", Kind: "ConfigMap", Namespace: o.Namespace, Name: o.Name, UID: o.UID,
		},
	}
}
