#!/usr/bin/perl

# Tests for keepalive, keepalive_requests, keepalive_timeout and keepalive_time
# of connections to servers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->allow(qr/\[emerg\]/);

$t->write_stream(<<'EOF_CONF');
dns_upstream_timeout  5s;

dns_upstream two {
    server        tcp://127.0.0.1:%%PORT_8081%%;
    health_check  off;
    keepalive     2;
}

dns_upstream requests {
    server              tcp://127.0.0.1:%%PORT_8082%%;
    health_check        off;
    keepalive_requests  5;
}

dns_upstream timeout {
    server             tcp://127.0.0.1:%%PORT_8083%%;
    health_check       off;
    keepalive_timeout  1ms;
}

dns_upstream time {
    server          tcp://127.0.0.1:%%PORT_8084%%;
    health_check    off;
    keepalive_time  1ms;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  two.test two;
    dns_forward  requests.test requests;
    dns_forward  timeout.test timeout;
    dns_forward  time.test time;
}
EOF_CONF

my @refused = (
    [ 'keepalive', [ 0, 65, 'x' ], 'a number from 1 to 64' ],
    [ 'keepalive_requests', [ -1, 'x' ], 'a number from 0 to' ],
    [ 'keepalive_timeout', [ 0, '2h', 'x' ], 'a time from 1ms to 1h' ],
    [ 'keepalive_time', [ 0, '2d', 'x' ], 'a time from 1ms to 1d' ],
);

$t->plan(8 + 2 + @refused + map { @{$_->[1]} } @refused);

my %u = map { $_ => $t->upstream($_, sub { { a => '192.0.2.1', delay => 0.01 } },
                                 tcp => 1, loops => 1) } 8081 .. 8084;

$t->run();

my $port = $t->port(8053);

# more at once would not fit into the socket of a worker that has to wait

is_deeply(dns_bulk($port, 600, name => sub { "q$_[0].two.test" },
                   window => 150), { '192.0.2.1' => 600 }, 'keepalive');
is($u{8081}->accepted(), 2, 'two connections');

is_deeply(dns_bulk($port, 100, name => sub { "q$_[0].requests.test" },
                   window => 20), { '192.0.2.1' => 100 }, 'keepalive_requests');

# with what looks for a loop

my $queries = $u{8082}->count();
is($u{8082}->accepted(), int(($queries + 4) / 5), "five on each, of $queries");

# nobody waits meanwhile

for my $name (qw/ timeout time /) {
    my $server = $u{$name eq 'time' ? 8084 : 8083};

    is(dns_query($port, "a$_.$name.test", 'A')->{answers}[0]{data},
       '192.0.2.1', "keepalive_$name") for 1;

    $t->wait_for(sub { dns_query($port, "b.$name.test", 'A');
                       $server->accepted() > 1 });
    cmp_ok($server->accepted(), '>', 1, 'a new connection');
}

# nginx -t

sub check {
    my ($lines) = @_;

    my ($code, $out) = $t->test_config(<<EOF);
%%TEST_GLOBALS%%
events { }
stream {
    dns_upstream u { server 127.0.0.1; $lines }
    server { listen 127.0.0.1:%%PORT_8053%% udp; dns_forward . u; }
}
EOF

    return $code ? $out : "accepted\n$out";
}

for (@refused) {
    my ($name, $bad, $said) = @$_;

    like(check("$name $_;"),
         qr/"$name": invalid value "\Q$_\E", it must be $said/, "$name $_")
        for @$bad;

    like(check("$name 1; $name 1;"), qr/"$name" directive is duplicate/,
         "$name twice");
}

like(check('keepalive 64; keepalive_requests 0; keepalive_timeout 1h;'
           . ' keepalive_time 1d;'), qr/^accepted/, 'all together');
like(check('keepalive 1; keepalive_requests 1; keepalive_timeout 1ms;'
           . ' keepalive_time 1ms;'), qr/^accepted/, 'the least');
