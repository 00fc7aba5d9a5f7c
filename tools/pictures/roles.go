package main

import (
	"io"
	"net"
	"time"
)

// address is of this picture alone.
const address = "127.61.0.1"

const (
	stockPort = ":8091"
	mediaPort = ":8092"
	noPort    = ":5432" // nothing listens there
	idleLimit = 2 * time.Second
)

// roles are what the processes of the picture do, by their names.
var roles = map[string]func(){
	"stock":    func() { serve(stockPort, answer) },
	"media":    func() { serve(mediaPort, refuseUpload) },
	"shop":     func() { each(8, buy) },
	"uploader": func() { each(1, upload) },
	"health":   func() { each(1, check) },
	"worker":   func() { each(1, connectInVain) },
}

// each calls a function again and again, in so many goroutines.
func each(goroutines int, fn func(number int)) {
	for n := range goroutines {
		go func() {
			for {
				fn(n)
			}
		}()
	}
	select {}
}

func serve(port string, handle func(*net.TCPConn)) {
	listener, err := net.Listen("tcp", address+port)
	if err != nil {
		panic(err)
	}
	for {
		if c, err := listener.Accept(); err == nil {
			go handle(c.(*net.TCPConn))
		}
	}
}

// answer is a server that closes idle connections.
func answer(c *net.TCPConn) {
	defer c.Close()
	request := make([]byte, 64)
	for {
		_ = c.SetReadDeadline(time.Now().Add(idleLimit))
		if _, err := c.Read(request); err != nil {
			return
		}
		_, _ = c.Write([]byte("12 left\n"))
	}
}

// buy keeps a connection for as long as the server does, and then uses it once more.
func buy(number int) {
	c, err := net.Dial("tcp", address+stockPort)
	if err != nil {
		time.Sleep(time.Second)
		return
	}
	defer c.Close()
	answer := make([]byte, 64)
	for range 2 {
		_, _ = c.Write([]byte("how many? "))
		_, _ = c.Read(answer)
		time.Sleep(idleLimit + time.Duration(5+number)*time.Millisecond)
	}
}

// refuseUpload answers at once and closes, with most of the upload unread.
func refuseUpload(c *net.TCPConn) {
	head := make([]byte, 512)
	_, _ = c.Read(head)
	_, _ = c.Write([]byte("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"))
	time.Sleep(20 * time.Millisecond)
	_ = c.Close()
}

func upload(int) {
	time.Sleep(1500 * time.Millisecond)
	c, err := net.Dial("tcp", address+mediaPort)
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, "POST /video HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n")
	_, _ = c.Write(make([]byte, 4_000_000))
}

// check is a health check that aborts.
func check(int) {
	time.Sleep(time.Second)
	c, err := net.Dial("tcp", address+stockPort)
	if err != nil {
		return
	}
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

func connectInVain(int) {
	time.Sleep(3 * time.Second)
	if c, err := net.Dial("tcp", address+noPort); err == nil {
		_ = c.Close()
	}
}
