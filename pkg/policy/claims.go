package policy

import "strconv"

// Claims are the names and the matches that policies hold. Two policies cannot
// hold the same one.
type Claims struct {
	names   map[ID]*Policy
	matches map[claimKey]*Policy
}

// NewClaims is empty, with room for so many policies.
func NewClaims(policies int) *Claims {
	const each = 4 // the forms of a Service's name
	return &Claims{
		names:   make(map[ID]*Policy, policies),
		matches: make(map[claimKey]*Policy, each*policies),
	}
}

// Conflict finds the first thing that p asks for and somebody holds. So p must not
// hold anything itself.
func (c *Claims) Conflict(p *Policy) (conflict Conflict, found bool) {
	if holder, held := c.names[p.ID]; held {
		return Conflict{Policy: p, Holder: holder, Key: "name " + p.ID.String()}, true
	}
	for i := range p.rules {
		for claim := range p.rules[i].claims {
			if holder, held := c.matches[claim.key()]; held {
				return Conflict{Policy: p, Holder: holder, Key: claim.String()}, true
			}
		}
	}
	return Conflict{}, false
}

// Holders are the policies that hold a match that p asks for, in p's order.
func (c *Claims) Holders(p *Policy) []*Policy {
	var holders []*Policy
	known := map[*Policy]bool{}
	for i := range p.rules {
		for claim := range p.rules[i].claims {
			if holder, held := c.matches[claim.key()]; held && !known[holder] {
				known[holder] = true
				holders = append(holders, holder)
			}
		}
	}
	return holders
}

// Take gives p what it asks for. Nobody else may hold it.
func (c *Claims) Take(p *Policy) {
	c.names[p.ID] = p
	for i := range p.rules {
		for claim := range p.rules[i].claims {
			c.matches[claim.key()] = p
		}
	}
}

// Release lets go of what p has taken.
func (c *Claims) Release(p *Policy) {
	delete(c.names, p.ID)
	for i := range p.rules {
		for claim := range p.rules[i].claims {
			delete(c.matches, claim.key())
		}
	}
}

// claimKey is a claim to look up.
type claimKey struct {
	host, method, headers string
	path                  pathKey
}

func (c claim) key() claimKey {
	var headers string
	for _, h := range c.headers {
		headers += h.name + "=" + strconv.Quote(h.value) + " "
	}
	return claimKey{host: c.host, method: c.method, headers: headers, path: c.path}
}
