package webconfig

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/crypto/bcrypt"
)

// guard lets those requests through that the file allows.
type guard struct {
	file      *File
	behind    http.Handler
	public    []string // paths that need no password
	passwords *passwords
}

// ServeHTTP is part of http.Handler.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now, err := g.file.read()
	if err != nil {
		_ = g.file.complain(err)
		refuse(w, http.StatusInternalServerError) // why is for those who see stderr
		return
	}
	if r.TLS == nil {
		g.file.fine()
	}
	if now.limiter != nil && !now.limiter.Allow() {
		refuse(w, http.StatusTooManyRequests)
		return
	}
	for name, value := range now.HTTP.Headers {
		w.Header().Set(name, value)
	}
	if len(now.Users) > 0 && !slices.Contains(g.public, r.URL.Path) && !g.knows(r, now.Users) {
		w.Header().Set("WWW-Authenticate", "Basic")
		refuse(w, http.StatusUnauthorized)
		return
	}
	g.behind.ServeHTTP(w, r)
}

func refuse(w http.ResponseWriter, status int) { http.Error(w, http.StatusText(status), status) }

// nobodysHash is compared for a user that is not there: an answer takes as long then.
const nobodysHash = "$2a$10$q9/88kvDbkYHSX5Kne3tl.7aNmv/pd5UlnyiGJY3FhUHVBP/S1Oou"

// knows is whether a request has the name and the password of a user.
func (g *guard) knows(r *http.Request, users map[string]string) bool {
	user, password, given := r.BasicAuth()
	if !given {
		return false
	}
	hash, known := users[user]
	if !known {
		hash = nobodysHash
	}
	return g.passwords.fits(hash, password) && known
}

// passwords compares passwords with hashes. That is slow on purpose, so the last answers
// are remembered.
type passwords struct {
	mu   sync.Mutex // one at a time: it takes a whole CPU
	last *lru.Cache[[sha256.Size]byte, bool]
}

func newPasswords() *passwords {
	const remembered = 100
	last, err := lru.New[[sha256.Size]byte, bool](remembered)
	if err != nil {
		panic(err) // the number is wrong
	}
	return &passwords{last: last}
}

func (p *passwords) fits(hash, password string) bool {
	pair := sha256.Sum256([]byte(hash + "\x00" + password)) // no hash has a NUL
	if fits, known := p.last.Get(pair); known {
		return fits
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fits := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	p.last.Add(pair, fits)
	return fits
}
