#!/usr/bin/perl

# Tests for dns_control: servers that are taken out and back by hand.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /dns/ {
            dns_control;
        }

        location /status {
            dns_status  json;
        }

        location /metrics {
            dns_status  prometheus;
        }

        location /ready {
            dns_status  ready upstream=two;
        }
    }
}

stream {
    dns_upstream two {
        health_check  off;
        server  127.0.0.1:%%PORT_8081%%;
        server  127.0.0.1:%%PORT_8082%%;
        EXTRA
    }

    dns_upstream "odd\"name" {
        health_check  interval=100ms;
        server  127.0.0.1:%%PORT_8083%%;
        server  127.0.0.1:%%PORT_8084%%  down;
        server  127.0.0.1:%%PORT_8089%%;
        server  tcp://[::1]:%%PORT_8088%%  down;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp reuseport;
        dns_forward  . two;
        dns_forward  odd "odd\"name";
    }
}

EOF_CONF

$t->write_file_expand('nginx.conf', $conf =~ s/EXTRA//r);

my %up = map {
    my $n = $_;
    ($n => $t->upstream($n, sub { { a => "192.0.2." . ($n - 8080) } }, probes => 1))
} 8081 .. 8084;

$t->run();

my $http = $t->port(8080);
my %addr = map { $_ => '127.0.0.1:' . $t->port($_) } 8081 .. 8084, 8089;

sub post { http($http, "/dns/$_[0]", method => 'POST', @_[1 .. $#_]) }

sub state_of {
    my ($upstream, $name) = @_;

    my ($u) = grep { $_->{upstream} eq $upstream } @{status($http)->{upstreams}};
    my ($s) = grep { $_->{server} eq $addr{$name} } @{$u->{servers}};

    return $s;
}

# of the servers of "two"

sub last_change {
    return (grep { $_->{upstream} eq 'two' } @{status($http)->{changes}})[0];
}

# which servers answer so many queries

sub who {
    my ($zone, $n) = @_;

    my %seen;

    for my $i (1 .. $n // 20) {
        my $r = dns_query($t->port(8053), "q$i-" . rand() . ".$zone", 'A');
        $seen{$r->{answers}[0]{data} // $r->{rcode}} = 1;
    }

    return join ' ', sort keys %seen;
}

is(who('test'), '192.0.2.1 192.0.2.2', 'both');

# down

my $r = post("upstreams/two/$addr{8081}?state=down");

is($r->{status}, 200, 'down: status');
is($r->{headers}{'content-type'}, 'application/json', 'type');

my $s = JSON::PP::decode_json($r->{body});

is($s->{server}, $addr{8081}, 'the server');
is($s->{state}, 'down', 'state');
ok(!$s->{up}, 'not up');
is($s->{forced}, 'down', 'forced');
is($s->{reason}, 'set by hand', 'reason');

is(who('test'), '192.0.2.2', 'it gets nothing, of any worker');
is(state_of(two => 8081)->{forced}, 'down', 'in json');
is(state_of(two => 8082)->{forced}, undef, 'not the other one');

my $m = metrics($http);

is($m->{qq(nginx_dns_upstream_forced{upstream="two",server="$addr{8081}"})}, 1,
   'metric');
is($m->{qq(nginx_dns_upstream_forced{upstream="two",server="$addr{8082}"})}, 0,
   'of the other one');
is($m->{qq(nginx_dns_upstream_up{upstream="two",server="$addr{8081}"})}, 0,
   'not up');

like($t->error_log(),
     qr/\[notice\].*dns upstream "two": server \S+ was set to "down" by hand, client: 127/,
     'logged');

my $change = last_change();

is($change->{upstream}, 'two', 'the last change: upstream');
is($change->{server}, $addr{8081}, 'server');
is($change->{state}, 'down', 'state');
is($change->{reason}, 'set by hand', 'reason');
cmp_ok(abs($change->{time} - time()), '<', 10, 'time');

# kept over reloads, of other sizes too

ok($t->reload(), 'reload');
is(who('test'), '192.0.2.2', 'still nothing');

my $extra = join '', map { "server 192.0.2.$_ down;" } 1 .. 20;

$t->write_file_expand('nginx.conf', $conf =~ s/EXTRA/$extra/r);
ok($t->reload(), 'reload with many more');
is(who('test'), '192.0.2.2', 'still nothing');
is(last_change()->{state}, 'down', 'changes are kept');

# not even where there is no other

is(post("upstreams/two/$addr{8082}?state=down")->{status}, 200, 'the other');
is(who('test', 3), 'SERVFAIL', 'none is tried');
is(http($http, '/ready')->{status}, 503, 'not ready');

# auto

$r = post("upstreams/two/$addr{8081}?state=auto");

is(JSON::PP::decode_json($r->{body})->{forced}, undef, 'auto');
is(JSON::PP::decode_json($r->{body})->{state}, 'up', 'up');
is(who('test', 3), '192.0.2.1', 'it is back');
is(http($http, '/ready')->{status}, 200, 'ready');

post("upstreams/two/$addr{8082}?state=auto");
is(who('test'), '192.0.2.1 192.0.2.2', 'both');

# a name that is encoded; up goes over "down" of the file

my $odd = 'upstreams/odd%22name';

is(who('odd'), '192.0.2.3', 'one of three');
is(post("$odd/$addr{8084}?state=up")->{status}, 200, 'up');
is(who('odd'), '192.0.2.3 192.0.2.4', 'it gets queries');
is(state_of('odd"name', 8084)->{forced}, 'up', 'json');
is(post("$odd/$addr{8084}?state=auto")->{status}, 200, 'auto');
is(who('odd'), '192.0.2.3', 'as in the file');

my $tcp = 'tcp%3A%2F%2F%5B%3A%3A1%5D%3a' . $t->port(8088);

$r = post("$odd/$tcp?state=down");
is(JSON::PP::decode_json($r->{body})->{server},
   'tcp://[::1]:' . $t->port(8088), 'a name with slashes');
is(http($http, '/dns/upstreams/odd%22name/tcp://[::1]:'
               . $t->port(8088) . '?state=down', method => 'POST')->{status},
   404, 'which must be encoded');

# and over failed checks

ok($t->wait_for(sub {
    state_of('odd"name', 8089)->{state} eq 'unhealthy';
}), 'unhealthy');

$s = JSON::PP::decode_json(post("$odd/$addr{8089}?state=up")->{body});

is($s->{state}, 'up', 'up by hand');

# what is down gets no health checks either

post("$odd/$addr{8083}?state=down");
select undef, undef, undef, 0.3;
my $n = $up{8083}->count();
select undef, undef, undef, 0.5;
is($up{8083}->count(), $n, 'no checks');
is(post("$odd/$addr{8083}?state=auto")->{status}, 200, 'auto');
ok($t->wait_for(sub { $up{8083}->count() > $n }), 'checks again');

is(scalar(grep { /was set to/ } split /\n/, $t->error_log()), 10,
   'a line for each');

$t->plan();
