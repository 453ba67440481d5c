// One attempt, as a Go program makes and reports it: app write|read|mkdir PATH, app bind PORT.
package main

import (
	"log"
	"net"
	"os"
)

func main() {
	var err error
	switch arg := os.Args[2]; os.Args[1] {
	case "write":
		_, err = os.Create(arg)
	case "read":
		_, err = os.ReadFile(arg)
	case "mkdir":
		err = os.Mkdir(arg, 0755)
	case "bind":
		_, err = net.Listen("tcp", ":"+arg)
	}
	if err != nil {
		log.Fatal(err)
	}
}
