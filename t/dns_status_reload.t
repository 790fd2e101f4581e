#!/usr/bin/perl

# Tests for dns_status: counters over reloads and deaths of workers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)
    ->allow(qr/exited on signal 9/)->plan(15);

# what is between is in another order, or not there, after a reload

sub conf {
    my ($upstreams, $servers) = @_;

    $t->write_stream(<<"EOF_CONF", workers => 2, pages => 'metrics');
# on a busy machine a slow server, or another, would be asked once more

dns_next_upstream  off;

@{[ map { "dns_upstream $_ { server 127.0.0.1:%%PORT_8081%%;
                             server 127.0.0.1:%%PORT_8082%%; }" }
    @$upstreams ]}

@{[ map { "server { listen 127.0.0.1:%%PORT_$_%% udp;
                    dns_forward . u; }" } @$servers ]}
EOF_CONF
}

$t->upstream($_, sub { { a => '192.0.2.1' } }) for 8081, 8082;

conf([ 'u' ], [ 8053 ]);
$t->run();

my $http = $t->port(8080);
my $s = 'server="127.0.0.1:' . $t->port(8053) . '"';
my $new = 'server="127.0.0.1:' . $t->port(8054) . '"';
my $up = 'upstream="u",server="127.0.0.1:' . $t->port(8081) . '"';

sub ask {
    my ($port, $n) = @_;

    is_deeply(dns_bulk($t->port($port), $n, window => 50),
              { '192.0.2.1' => $n }, 'answers');
}

sub asked {
    return total(metrics($http), 'nginx_dns_queries_total', qr/\Q$_[0]/);
}

sub sent { return metrics($http)->{"nginx_dns_upstream_queries_total{$up}"} }

ask(8053, 200);
is(asked($s), 200, 'counted');
is(sent(), 100, 'and for a server of the upstream');

# the same again

$t->reload();
is(asked($s), 200, 'reload');

# another server before it, another upstream before it

conf([ 'v', 'u' ], [ 8054, 8053 ]);
$t->reload();
is(asked($s), 200, 'another order');
is(asked($new), 0, 'the new one');

ask(8054, 100);
is(asked($new), 100, 'is counted for itself');
is(asked($s), 200, 'not for the other');
is(sent(), 150, 'the upstream of both');

# a worker dies, all die

kill 'KILL', ($t->workers())[0];
$t->wait_for(sub { $t->workers() == 2 });
is(asked($s), 200, 'killed');

kill 'KILL', $t->workers();
$t->wait_for(sub { $t->workers() == 2 });
ask(8053, 100);

is($t->wait_for(sub { asked($s) == 300 }) ? 300 : asked($s), 300,
   'all killed');

my $m = metrics($http);
is(total($m, 'nginx_dns_queries_total'),
   total($m, 'nginx_dns_responses_total'), 'queries = responses');
is(total($m, 'nginx_dns_upstream_outstanding'), 0, 'nothing outstanding');
