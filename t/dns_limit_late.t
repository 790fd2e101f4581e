#!/usr/bin/perl

# Tests for dns_limit in a worker that was held up in the middle of a batch: what
# others have counted meanwhile is not ahead of its time.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode decode /;

use Fcntl;
use IO::Select;
use IO::Socket::IP;
use POSIX qw/ mkfifo /;
use Time::HiRes qw/ sleep time /;

my $t = Test::Nginx::DNS->new()->plan(5);

$t->write_file('hosts', "192.0.2.9 a.test\n192.0.2.9 held.test\n");

# a log that takes nothing until it is read

mkfifo($t->testdir() . '/log', 0600) or die "mkfifo: $!\n";
sysopen my $log, $t->testdir() . '/log', O_RDWR or die "log: $!\n";

fcntl $log, 1031, 4096;                         # F_SETPIPE_SZ
$log->blocking(0);
1 while syswrite $log, 'x' x 4096;
1 while syswrite $log, 'x';
$log->blocking(1);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_limit_zone  client zone=l:1m rate=2r/s;

map $dns_qname $held {
    held.test  1;
}

log_format  f  '$dns_qname';

server {
    listen      127.0.0.1:%%PORT_8053%% udp;
    dns_hosts   %%TESTDIR%%/hosts;
    dns_limit   zone=l;
    access_log  %%TESTDIR%%/log f if=$held;
}
EOF_CONF

$t->run();

my ($late, $other) = $t->workers();

# both queries are read at once, the first one is logged before the second

kill 'STOP', $late, $other;

my $held = ask('127.0.1.1', 'held.test');
my $second = ask('127.0.2.1', 'a.test');

kill 'CONT', $late;
ok($t->wait_for(sub { unread() == 0 }), 'a batch is read');

my $start = time();

kill 'CONT', $other;
sleep_until($start + 0.3);
is(said(ask('127.0.2.1', 'a.test')), '192.0.2.9', 'another worker');

# its time is over when the first worker goes on

sleep_until(time() + 0.6);
sysread $log, my $read, 4096;

is(said($held), '192.0.2.9', 'who was held up');
is(said($second), '192.0.2.9', 'and the next one in its batch');

# the limit is one, though

my @more = map { ask('127.0.2.1', 'a.test') } 1 .. 10;
my $served = grep { said($_, 0.1) =~ /^192/ } @more;

cmp_ok($served, '<', 10, 'over the limit');


sub ask {
    my ($from, $name) = @_;

    my $s = IO::Socket::IP->new(Proto => 'udp', PeerHost => '127.0.0.1',
                                PeerPort => $t->port(8053), LocalHost => $from)
        or die "no socket: $@\n";

    $s->send(encode(id => 1, flags => 0x0100, question => [ $name, 'A' ]));

    return $s;
}

sub said {
    my ($s, $seconds) = @_;

    return 'none' if !IO::Select->new($s)->can_read($seconds // 4);

    $s->recv(my $bytes, 512);

    my $r = decode($bytes) or return 'garbage';

    return $r->{tc} ? 'TC' : $r->{answers}[0] ? $r->{answers}[0]{data}
                                              : $r->{rcode};
}

# octets that wait in the socket

sub unread {
    my $port = sprintf '%04X', $t->port(8053);

    open my $fh, '<', '/proc/net/udp' or die "/proc/net/udp: $!\n";

    for (<$fh>) {
        return hex $1 if /^\s*\d+: \w+:$port \w+:\w+ \w+ \w+:(\w+)/;
    }

    return 1;
}
