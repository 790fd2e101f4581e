#!/usr/bin/perl

# Tests for race: several servers are asked at once, and with "positive" one
# that has records goes before one that has none.

use warnings;
use strict;

use Test::More;
use Time::HiRes qw/ time /;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new();

my $servers = join ' ', map { "server 127.0.0.1:%%PORT_$_%%;" } 8081 .. 8083;

$t->write_stream(<<"EOF_CONF");
dns_cache_zone zone=one:1m;

# nothing is left for anything but the race itself

dns_next_upstream_budget  1%;
dns_next_upstream_tries   1;

dns_upstream first { health_check off; race 2; $servers }
dns_upstream positive { health_check off; race 3 positive; $servers }
dns_upstream wait {
    health_check off; race 2 positive wait=400ms; sequential; $servers
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_cache    one;
    dns_forward  first.test first;
    dns_forward  positive.test positive;
    dns_forward  wait.test wait;
}
EOF_CONF

# names say which server does what: "a" fails, "n" has no such name, "d" no
# data, "s" is silent, "r" has a record, "l" has it late

sub server {
    my ($i) = @_;

    return sub {
        my $what = substr $_[0]{qname}, $i, 1;

        return $what eq 'a' ? { rcode => 'SERVFAIL' }
             : $what eq 'n' ? { rcode => 'NXDOMAIN', soa() }
             : $what eq 'd' ? { soa() }
             : $what eq 'r' ? { a => '192.0.2.' . $i }
             : $what eq 'l' ? { a => '192.0.2.' . $i, delay => 0.1 } : ();
    };
}

sub soa {
    return (authority => [ [ 'test', 'SOA', 60, 'a.test b.test 1 2 3 4 60' ] ]);
}

my @u = map { $t->upstream(8081 + $_, server($_)) } 0 .. 2;

$t->run();

my $port = $t->port(8053);

sub asked {
    my ($name, %o) = @_;
    my $start = time();
    my $r = dns_query($port, $name, 'A', timeout => 4, %o);

    return ($r->{answers}[0]{data} // $r->{rcode}, time() - $start);
}

# two are asked, with three there are

for my $tcp (qw/ udp tcp /) {
    my ($answer) = asked("llln$tcp.first.test", proto => $tcp);

    like($answer, qr/^192\.0\.2\.\d$/, 'the first answer');

    my $n = 0;
    $n += $_->count("llln$tcp.first.test") for @u;
    is($n, 2, 'two were asked');
}

is((asked('nnn.first.test'))[0], 'NXDOMAIN', 'whatever it is');

# positive ones

for my $tcp (qw/ udp tcp /) {
    my ($answer, $time) = asked("nal$tcp.positive.test", proto => $tcp);

    is($answer, '192.0.2.2', 'a late record after NXDOMAIN and a failure');

    ($answer) = asked("nrd$tcp.positive.test", proto => $tcp);
    is($answer, '192.0.2.1', 'a record before NXDOMAIN and no data');
}

my ($answer, $time) = asked('nnn.positive.test');

is($answer, 'NXDOMAIN', 'all say NXDOMAIN');
cmp_ok($time, '<', 0.15, 'nobody is waited for');

($answer) = asked('ndn.positive.test');
is($answer, 'NOERROR', 'a server that knows the name is worth more');

($answer, $time) = asked('nss.positive.test');
is($answer, 'NXDOMAIN', 'the others are silent');
cmp_ok($time, '>=', 0.19, 'they had 200 ms');
cmp_ok($time, '<', 1, 'and no more');

($answer) = asked('aal.positive.test');
is($answer, '192.0.2.2', 'failures never go before what may come');

($answer, $time) = asked('ns.wait.test');
is($answer, 'NXDOMAIN', 'wait=');
cmp_ok($time, '>=', 0.39, 'as long as it says');

# what was held is as good as any other: it is stored

my $n = $u[0]->count('ns.wait.test');

($answer, $time) = asked('ns.wait.test');
is($answer, 'NXDOMAIN', 'from the cache');
is($u[0]->count('ns.wait.test'), $n, 'nobody is asked again');

# each name of many, of which one server denies a tenth

my $r = dns_bulk($port, 300, name => sub {
    return ($_[0] % 10 ? 'rrr' : ('nrr', 'arr', 'rnr', 'rra')[$_[0] / 10 % 4])
           . "$_[0].positive.test";
});

is(eval { my $n = 0; $n += $r->{"192.0.2.$_"} // 0 for 0 .. 2; $n }, 300,
   'all are answered with a record');

$t->plan();
