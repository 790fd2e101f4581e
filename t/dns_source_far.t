#!/usr/bin/perl

# Tests for servers that are far away: as long as their answers take no longer
# than usual, nobody looks whether the way to them has changed.

use warnings;
use strict;

use Test::More;

use IO::Select;
use IO::Socket::INET;
use List::Util qw/ max /;
use Time::HiRes qw/ time /;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode_question /;

my $t = Test::Nginx::DNS->new();
my $shim = $t->shim('source');
my $calls = $t->testdir() . '/calls';

$t->plan(5);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . u;
}
EOF_CONF

# not all the same, so that queries leave while others wait

$t->upstream(8081, sub {
    my ($query) = @_;

    return () if $query->{qname} =~ /^silent/;
    return { a => '192.0.2.1', delay => 0.1 + rand 0.1 };
});

{
    local $ENV{LD_PRELOAD} = $shim;
    local $ENV{SOURCE_SHIM} = $calls;

    $t->run();
}

my $port = $t->port(8053);

# queries that do not wait for answers; how many there were

sub evenly {
    my ($name, $number) = @_;

    my $answered = 0;
    my $s = IO::Socket::INET->new(Proto => 'udp',
                                  PeerAddr => "127.0.0.1:$port")
        or die "socket: $!\n";
    my $select = IO::Select->new($s);
    my $receive = sub {
        my $end = time() + $_[0];

        while ($select->can_read(max(0, $end - time()))) {
            $s->recv(my $bytes, 512);
            $answered++;
        }
    };

    for (1 .. $number) {
        $s->send(pack('n6', $_, 0x0100, 1, 0, 0, 0)
                 . encode_question("$name$_.test", 'A'));
        $receive->(0.025);
    }

    for (1 .. 30) {
        $receive->(0.1) if $answered < $number;
    }

    return $answered;
}

# until it is known how long the server takes

is(evenly('a', 60), 60, 'the time of the server is measured');

my $before = -s $calls;

is(evenly('b', 80), 80, 'answers');

cmp_ok(-s $calls, '<=', $before + 40, 'nobody looks, or hardly');

# but they do where none comes

$before = -s $calls;

dns_bulk($port, 20, window => 1, timeout => 0.1,
         name => sub { "silent$_[0].test" });

cmp_ok(-s $calls, '>', $before, 'silence is looked at');
is(dns_query($port, 'c.test', 'A')->{answers}[0]{data}, '192.0.2.1', 'answers');
