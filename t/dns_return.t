#!/usr/bin/perl

# Tests for dns_return: what a zone is answered with, whether it may be kept
# (RFC 2308), and what logs and metrics say of it.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(54);

$t->write_stream(<<"EOF_CONF", pages => 'metrics');
log_format  f  '\$dns_qname \$dns_rcode \$dns_cache_status \$status '
               '"\$dns_zone" "\$dns_upstream" "\$dns_error"';
access_log  %%TESTDIR%%/dns.log f;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;

    dns_zone nx.test sub.nodata.test {
        dns_return nxdomain;
    }

    dns_zone nodata.test      { dns_return nodata; }
    dns_zone refused.test     { dns_return refused; }
    dns_zone servfail.test    { dns_return servfail; }
    dns_zone notimp.test      { dns_return notimp; }
    dns_zone drop.test        { dns_return drop; }
    dns_forward ok.nx.test    127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_zone     .  { dns_return nxdomain; }
}
EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

sub query {
    my ($name, %o) = @_;
    return dns_query($t->port($o{port} // 8053), $name, $o{type} // 'A',
                     edns => 1232, %o);
}

for my $proto (qw/ udp tcp /) {

    for (
        [ 'nx.test', 'NXDOMAIN', 'nx.test' ],
        [ 'a.b.NX.test', 'NXDOMAIN', 'nx.test' ],
        [ 'nodata.test', 'NOERROR', 'nodata.test' ],
        [ 'a.nodata.test', 'NOERROR', 'nodata.test' ],
        [ 'a.sub.nodata.test', 'NXDOMAIN', 'sub.nodata.test' ])
    {
        my ($name, $rcode, $zone) = @$_;
        my $r = query($name, proto => $proto);
        my $soa = $r->{authority}[0];

        is($r->{rcode}, $rcode, "$name, $proto");
        is("$soa->{type} " . lc $soa->{name}, "SOA $zone",
           'with an SOA of the zone');
        is("$soa->{ttl} " . (split ' ', $soa->{data})[-1], '60 60',
           'for a minute');
    }

    for (
        [ 'refused', 'REFUSED', 15 ],
        [ 'servfail', 'SERVFAIL', 15 ],
        [ 'notimp', 'NOTIMP', 21 ])
    {
        my ($name, $rcode, $ede) = @$_;
        my $r = query("a.$name.test", proto => $proto);

        is("$r->{rcode} $r->{ede}{code}", "$rcode $ede", "$name, $proto");
    }

    is(query('a.ok.nx.test', proto => $proto)->{answers}[0]{data},
       '192.0.2.1', 'a longer zone');
}

# the root; no EDNS

my $r = query('a.test', port => 8054, edns => 0);
is($r->{rcode}, 'NXDOMAIN', 'the root');
is($r->{authority}[0]{name}, '.', 'owns the SOA');
is(query('.', port => 8054, type => 'NS')->{authority}[0]{name}, '.',
   'of its own name, too');

# DS of a zone with servers in one without

is(query('ok.nx.test', type => 'DS')->{rcode}, 'NXDOMAIN',
   'DS is the parent\'s');

# a zone transfer

is(query('nx.test', type => 'AXFR', proto => 'tcp')->{rcode}, 'NXDOMAIN',
   'AXFR');
is(query('refused.test', type => 'AXFR', proto => 'tcp')->{rcode}, 'REFUSED',
   'AXFR refused');

# drop

is(query('a.drop.test', timeout => 0.3), undef, 'dropped over UDP');

my $s = dns_connect($t->port(8053));
$s->send([ 'a.nx.test', 'A' ], [ 'b.drop.test', 'A' ]);
is($s->answer()->{rcode}, 'NXDOMAIN', 'over TCP: what was asked before');
ok($s->closed(), 'then it is closed');

is($u->count, 2, 'no server was asked');

# logs, metrics

$t->wait_for(sub { $t->read_file('dns.log') =~ /^b\.drop/m });

my $log = $t->read_file('dns.log');

like($log, qr/^nx\.test NXDOMAIN LOCAL 200 "nx\.test" "-" "-"$/m, 'log');
like($log, qr/^a\.refused\.test REFUSED - 403 "refused\.test" "-" "dns_return r/m,
     'log: refused');
like($log, qr/^b\.drop\.test - - 403 "drop\.test" "-" "dns_return drop"$/m,
     'log: dropped');

my $m = metrics($t->port(8080));

is(total($m, 'nginx_dns_dropped_total', qr/"return_drop"/), 2, 'metrics');
is(total($m, 'nginx_dns_failed_total', qr/"return_refused"/), 3,
   'metrics: refused');
is(total($m, 'nginx_dns_responses_total', qr/"local"/), 15,
   'metrics: answered here') or diag(explain($m));
