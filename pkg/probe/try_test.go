package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	t0 := time.Now()
	s, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fmt.Println("open", time.Since(t0))
	for _, h := range s.Hooks() {
		fmt.Println(h.Hook, h.Function, h.Method, h.Refused)
	}
	go net.Dial("tcp", "127.0.0.1:1")
	go func() {
		l, _ := net.Listen("tcp", "127.0.0.1:0")
		c, _ := net.Dial("tcp", l.Addr().String())
		d, _ := l.Accept()
		c.Write([]byte("hello"))
		time.Sleep(50 * time.Millisecond)
		d.Close()
		time.Sleep(50 * time.Millisecond)
		c.Close()
	}()
	var b Batch
	end := time.Now().Add(time.Second)
	for time.Now().Before(end) {
		if err := s.Read(context.Background(), &b, end); err != nil {
			t.Fatal(err)
		}
		for _, e := range b.Resets {
			j, _ := json.Marshal(e)
			fmt.Printf("%s\n%+v\n", j, e.Kernel)
		}
		for _, h := range b.Holders {
			fmt.Printf("holder %+v\n", h)
		}
		if len(b.Resets) > 0 {
			hs, err := s.Holders()
			fmt.Println("holders", hs, err)
		}
	}
	c, err := s.Counts()
	fmt.Printf("%+v %v\n", c, err)
}
