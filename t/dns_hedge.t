#!/usr/bin/perl

# Tests for hedge: after how long another server is asked beside the first.

use warnings;
use strict;

use Test::More;
use Time::HiRes qw/ time /;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

my %hedge = (auto => 'hedge auto;', off => 'hedge off;', time => 'hedge 50ms;',
             fallback => 'hedge off;');

my $upstreams = join '', map { <<"EOF" } sort keys %hedge;
    dns_upstream $_ {
        sequential;
        health_check  off;
        $hedge{$_}
        server  127.0.0.1:%%PORT_8081%%;
        server  127.0.0.1:%%PORT_8082%%;
    }

EOF

$t->write_file_expand('nginx.conf', <<"EOF_CONF");

%%TEST_GLOBALS%%

events {
}

stream {
    dns_upstream_timeout  800ms;

$upstreams

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        listen       127.0.0.1:%%PORT_8053%%;
        dns_forward  auto.test auto;
        dns_forward  off.test off;
        dns_forward  time.test time;

        dns_zone fallback.test {
            dns_pass  fallback fallback=time on=error;
        }
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /status {
            dns_status  json;
        }
    }
}

EOF_CONF

# the first is silent, unless it is asked for something that it knows

my $first = $t->upstream(8081, sub {
    return $_[0]{qname} =~ /^slow/ ? { a => '192.0.2.1', delay => 0.4 } : ();
});
my $second = $t->upstream(8082, sub { { a => '192.0.2.2' } });

$t->run();

my $port = $t->port(8053);

sub took {
    my ($name, %o) = @_;
    my $start = time();
    my $r = dns_query($port, $name, 'A', timeout => 4, %o);

    return ($r->{answers}[0]{data} // $r->{rcode}, time() - $start);
}

sub hedges {
    my ($upstream) = @_;
    my ($u) = grep { $_->{upstream} eq $upstream }
              @{ status($t->port(8080))->{upstreams} };

    return $u->{servers}[0]{hedges};
}

for my $proto (qw/ udp tcp /) {
    my ($answer, $time) = took("slow$proto.time.test", proto => $proto);

    is($answer, '192.0.2.2', "50ms: the second answers, $proto");
    cmp_ok($time, '>=', 0.045, 'not at once');
    cmp_ok($time, '<', 0.39, 'before the first');
    is(hedges('time'), $proto eq 'udp' ? 1 : 2, 'counted');
}

my ($answer, $time) = took('slow.off.test');

is($answer, '192.0.2.1', 'off: the first answers');
is(hedges('off'), 0, 'none is asked beside it');
is($second->count('slow.off.test'), 0, 'indeed');

($answer, $time) = took('silent.off.test');

is($answer, '192.0.2.2', 'off: the second after a failure');
cmp_ok($time, '>=', 0.79, 'which is silence for all of the time');

($answer, $time) = took('silent.auto.test');

is($answer, '192.0.2.2', 'auto: the second');
cmp_ok($time, '<', 0.7, 'before the end of that time');

# a fallback has the "hedge" of its own upstream

($answer, $time) = took('silent.fallback.test');

is($answer, '192.0.2.2', 'off: the second server before any fallback');

$t->plan();
