"""A small operating system: tasks of several classes pass packets through queues."""


class Packet:
    def __init__(self, kind, value):
        self.kind = kind
        self.value = value
        self.next = None


class Task:
    def __init__(self, name, scheduler):
        self.name = name
        self.scheduler = scheduler
        self.first = self.last = None
        self.handled = 0

    def put(self, packet):
        packet.next = None
        if self.last is None:
            self.first = packet
        else:
            self.last.next = packet
        self.last = packet

    def take(self):
        packet = self.first
        self.first = packet.next
        if self.first is None:
            self.last = None
        return packet

    def ready(self):
        return self.first is not None

    def run(self):
        self.handled += 1
        self.handle(self.take())

    def handle(self, packet):
        raise NotImplementedError


class Worker(Task):
    def handle(self, packet):
        packet.value = (packet.value * 31 + self.handled) % 65521
        self.scheduler.send("device" if packet.kind == 0 else "handler", packet)


class Handler(Task):
    def handle(self, packet):
        packet.kind = 1 - packet.kind
        self.scheduler.send("worker", packet)


class Device(Handler):
    def handle(self, packet):
        packet.value ^= 0x55
        super().handle(packet)


class Scheduler:
    def __init__(self):
        self.tasks = {}
        self.sent = 0

    def add(self, task):
        self.tasks[task.name] = task

    def send(self, name, packet):
        self.sent += 1
        self.tasks[name].put(packet)

    def run(self, steps):
        tasks = list(self.tasks.values())
        while steps:
            for task in tasks:
                if task.ready():
                    task.run()
                    steps -= 1
                    if not steps:
                        return


def main():
    scheduler = Scheduler()
    for kind in (Worker, Handler, Device):
        scheduler.add(kind(kind.__name__.lower(), scheduler))
    for i in range(6):
        scheduler.send("worker", Packet(i % 2, i))
    scheduler.run(300_000)
    return scheduler.sent, [task.handled for task in scheduler.tasks.values()]
