#!/usr/bin/perl

# Tests for dns_upstream: with many servers a few queries that arrive together
# go to one of them; each has its share all the same.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use IO::Select;
use IO::Socket::IP;
use List::Util qw/ sum /;
use POSIX qw/ _exit /;

# a worker may be so many queries ahead of a server's turns

use constant { SERVERS => 100, EACH => 60, WORKERS => 2, RUN => 16 };

my $t = Test::Nginx::DNS->new()->plan(4);

my $port = $t->port(8081);
my $servers = join "\n", map { "server 127.1.0.$_:$port;" } 1 .. SERVERS;

$t->write_stream(<<"EOF_CONF", workers => WORKERS);
dns_next_upstream off;

dns_upstream many {
    health_check off;
    hedge off;
    $servers
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . many;
}
EOF_CONF

my @sockets = map { listening("127.1.0.$_") } 1 .. SERVERS;

my $pid = fork() // die "fork: $!\n";

if ($pid == 0) {
    answers();
    _exit(0);
}

$t->run();

# queries that come alone

my %alone;
$alone{dns_query($t->port(8053), "alone$_.test", 'A')->{answers}[0]{data}}++
    for 1 .. 50;

is(keys %alone, 50, 'each to another one');

my $r = dns_bulk($t->port(8053), SERVERS * EACH, sockets => 16, window => 100);
my @count = map { $r->{"192.0.2.$_"} // 0 } 1 .. SERVERS;
my ($least, $most) = (sort { $a <=> $b } @count)[0, -1];

is(sum(@count), SERVERS * EACH, 'all answered');
cmp_ok($least, '>=', EACH - WORKERS * RUN, 'the least');
cmp_ok($most, '<=', EACH + WORKERS * RUN, 'the most');

kill 'KILL', $pid;
waitpid $pid, 0;

###############################################################################

sub listening {
    my ($address) = @_;

    my $s = IO::Socket::IP->new(Proto => 'udp', LocalHost => $address,
        LocalPort => $port) or die "$address: $@\n";

    return $s;
}


# each with an address of its own

sub answers {
    my %number = map { $sockets[$_] => $_ + 1 } 0 .. $#sockets;
    my $select = IO::Select->new(@sockets);
    my $test = getppid();

    while (getppid() == $test) {
        for my $s ($select->can_read(1)) {
            my $from = $s->recv(my $query, 512) // next;
            my ($id, $flags) = unpack 'n2', $query;
            my $end = 12 + index(substr($query, 12), "\0") + 5;

            $s->send(pack('n6', $id, 0x8180, 1, 1, 0, 0)
                     . substr($query, 12, $end - 12)
                     . pack('n3Nn C4', 0xc00c, 1, 1, 60, 4, 192, 0, 2,
                            $number{$s}),
                     0, $from);
        }
    }
}

###############################################################################
