package lab

func threadScenarios() []Scenario {
	return []Scenario{{
		Name:  "owner-thread",
		Title: "A second thread of the server closes the connection.",
		Story: "Threads share descriptors, and any of them may close one that another has accepted. " +
			"The process is the owner, and the event has the thread, too.",
		Causes:   unreadClose,
		Findings: unreadByServer,
		Families: oneFamily, Path: Veth,
		Run: func(e *Env) {
			playThread(e, "closes", (*Socket).CloseInThread)
		},
	}, {
		Name:  "owner-thread-ended",
		Title: "A thread ends that alone has the connection, while its process lives on.",
		Story: "A thread can have a file table of its own (unshare with CLONE_FILES). " +
			"When it ends, what only it had open is closed. That is not the end of the process, and must not be shown as one.",
		Causes:   unreadClose,
		Findings: unreadByServer,
		Families: oneFamily, Path: Veth,
		Run: func(e *Env) {
			playThread(e, "is the only one to have the connection and ends", (*Socket).EndThread)
		},
	}}
}

func playThread(e *Env, verb string, end func(*Socket) (tid int)) {
	c := e.leaveUnread()
	thread := end(c.serverSock)
	e.Stepf("a second thread of server %s: its kernel sends a RST", verb)
	sent, received := c.unreadRST()
	sent.Thread = thread
	e.ExpectRST(sent, received)
}
