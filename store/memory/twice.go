package memory

// race is how far the race for one document has gone.
type race int

const (
	read race = iota + 1 // by its _id, so a guarded write may follow
	lost                 // the write was refused once; the next one goes through
)

// SetTwice makes the first write after each read of a document by its _id lose a race against a writer that is not
// there, so that each update function runs twice and one that is not pure shows. A write after a list, which claims a
// document, loses none.
func (c *Client) SetTwice(twice bool) {
	c.state.Lock()
	defer c.state.Unlock()
	c.twice = twice
	clear(c.races)
}

func (c *Client) noteFind(collection, id string, found []document) {
	c.state.Lock()
	defer c.state.Unlock()
	if !c.twice {
		return
	}
	if id == "" {
		for _, d := range found {
			delete(c.races, collection+"/"+d.id)
		}
		return
	}
	if key := collection + "/" + id; c.races[key] != lost {
		c.races[key] = read
	}
}

func (c *Client) losesRace(collection, id string) bool {
	c.state.Lock()
	defer c.state.Unlock()
	key := collection + "/" + id
	if c.races[key] == read {
		c.races[key] = lost
		return true
	}
	delete(c.races, key)
	return false
}
