// Command app is an HTTP application as it should not be: it looks at the head
// of a request, does not like it, and closes without having read the body.
//
//	app ADDRESS
package main

import (
	"bufio"
	"log"
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp4", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		serve(connection)
	}
}

func serve(connection net.Conn) {
	defer connection.Close()
	for lines := bufio.NewScanner(connection); lines.Scan() && lines.Text() != ""; {
	}
}
